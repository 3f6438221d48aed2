#!/bin/sh
# Gives the temporary module of a notebook the repository's own modules: its go.mod and go.sum, and genjobrec itself from
# the checkout. The first cell of a notebook calls it in the temporary module's folder:
#
#	!*sh "$GENJOBREC_ROOT/.gonb/setup.sh"
set -eu
cp "$GENJOBREC_ROOT/go.mod" "$GENJOBREC_ROOT/go.sum" .
go mod edit -module="$(basename "$PWD")" -require=genjobrec@v0.0.0 -replace=genjobrec="$GENJOBREC_ROOT"
