package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `{
 "cells": [
  {"cell_type": "markdown", "id": "a", "metadata": {"tags": ["x"], "z": {"deep": [1, 2.50, 1e3]}}, "source": ["# <T> & é\n", "text"],
   "attachments": {"i.png": {"image/png": "AAAA"}}},
  {"cell_type": "code", "id": "b", "metadata": {"collapsed": true}, "source": "x := 1 < 2",
   "execution_count": 9, "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}], "unknown": 12345678901234567890},
  {"cell_type": "raw", "id": "c", "metadata": {}, "source": []}
 ],
 "metadata": {"kernelspec": {"name": "gonb"}, "custom": {"n": 1.10}},
 "nbformat": 4, "nbformat_minor": 5, "extra": "kept"
}`

// Everything but the outputs of the code cell comes back, with numbers as they were written.
func TestNotebookRoundTrip(t *testing.T) {
	nb, err := parseNotebook([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := nb.cells[0].source, "# <T> & é\ntext"; got != want {
		t.Errorf("source %q, want %q", got, want)
	}
	count := 3
	if err := nb.cells[1].setOutputs([]*output{{Type: "stream", Name: "stdout", Text: "<new>\n"}}, &count); err != nil {
		t.Fatal(err)
	}
	got, err := nb.encode()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(`"execution_count": 9`, `"execution_count": 3`, `"text": "old"`, `"text": ["<new>\n"]`).Replace(sample)
	if diff := cmp.Diff(tokens(t, want), tokens(t, string(got))); diff != "" {
		t.Errorf("notebook (-want +got):\n%s", diff)
	}
	for _, s := range []string{"# <T> & é", "2.50", "1e3", "1.10", "12345678901234567890", "x := 1 < 2", "<new>"} {
		if !strings.Contains(string(got), s) {
			t.Errorf("%q is not in the written notebook:\n%s", s, got)
		}
	}
	if !strings.HasPrefix(string(got), "{\n \"cells\": [\n  {\n") {
		t.Errorf("the layout is not Jupyter's:\n%.80s", got)
	}
}

// tokens reads JSON without losing how numbers were written.
func tokens(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestClearRemovesOutputs(t *testing.T) {
	nb, err := parseNotebook([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if err := nb.clear(); err != nil {
		t.Fatal(err)
	}
	code, prose := nb.cells[1].fields, nb.cells[0].fields
	if got := string(code["outputs"]) + string(code["execution_count"]); got != "[]null" {
		t.Errorf("outputs and count %s, want []null", got)
	}
	if prose["outputs"] != nil {
		t.Error("a markdown cell has got outputs")
	}
}

// Format 4.4 has no cell ids, 4.5 wants them.
func TestOldNotebookGetsIDs(t *testing.T) {
	old := regexp.MustCompile(`"id": "[ab]", `).ReplaceAllString(strings.Replace(sample, `"nbformat_minor": 5`, `"nbformat_minor": 4`, 1), "")
	nb, err := parseNotebook([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	valid := regexp.MustCompile(`^"[a-zA-Z0-9-_]{1,64}"$`)
	seen := map[string]bool{}
	for i, c := range nb.cells {
		id := string(c.fields["id"])
		if !valid.MatchString(id) || seen[id] {
			t.Errorf("cell %d has the id %s", i, id)
		}
		seen[id] = true
	}
	if string(nb.fields["nbformat_minor"]) != "5" || !seen[`"c"`] {
		t.Errorf("minor %s, ids %v; want 5 and the id that was there", nb.fields["nbformat_minor"], seen)
	}
}

func TestNotNotebooks(t *testing.T) {
	for text, want := range map[string]string{
		``:                                    "not a notebook",
		`[]`:                                  "not a notebook",
		`{}`:                                  `"nbformat" is missing`,
		`{"nbformat":3,"nbformat_minor":0}`:   "format 3.0, want 4",
		`{"nbformat":"4","nbformat_minor":5}`: `field "nbformat"`,
		`{"nbformat":4,"nbformat_minor":5}`:   `"cells" is missing`,
		`{"nbformat":4,"nbformat_minor":5,"cells":[{"cell_type":"code","id":"a"}]}`:              `cell 1: not a notebook: the field "source" is missing`,
		`{"nbformat":4,"nbformat_minor":5,"cells":[{"cell_type":"code","id":"a","source":[1]}]}`: `cell 1: not a notebook: field "source"`,
	} {
		if _, err := parseNotebook([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

// cellLines is the most that a code cell may hold: notebooks call functions of packages.
const cellLines = 15

// The notebooks in git carry no outputs, and their cells are short.
func TestCommittedNotebooks(t *testing.T) {
	files, err := filepath.Glob("../*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatalf("notebooks %v, error %v", files, err)
	}
	for _, f := range files {
		nb, err := readNotebook(f)
		if err != nil {
			t.Error(err)
			continue
		}
		for i, c := range nb.cells {
			if n := strings.Count(c.source, "\n") + 1; c.kind == "code" && n > cellLines {
				t.Errorf("%s: cell %d has %d lines, want at most %d", f, i+1, n, cellLines)
			}
		}
		before, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := nb.clear(); err != nil {
			t.Fatal(err)
		}
		after, err := nb.encode()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(after), string(before)); diff != "" {
			t.Errorf("%s has outputs or another layout than nbrun writes (-want +got):\n%s", f, diff)
		}
	}
}
