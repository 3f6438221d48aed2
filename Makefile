# Everything a fresh machine needs: `make run` is the main job on the embedded synthetic market, `make test` the tests.
# The toolchain comes through the Go module proxy; without GOEXPERIMENT=simd matrix products take many times longer.
export GOTOOLCHAIN := go1.27.2
export GOEXPERIMENT := simd
export GOFLAGS := -buildvcs=false

OUT   ?= runs/market
SEEDS ?= 1
NOTEBOOKS     ?= notebooks
JUPYTER_FLAGS ?=
LINT  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: run paper test lint mutate soak bench versus smoke kernel notebooks jupyter clean

run: ## the main job: the synthetic market, default profile, into OUT; SEEDS=1,2,3 for three seeds; then all notebooks on it
	go run ./girl/cmd/girl run -data market -profile default -seeds $(SEEDS) -out "$(OUT)"
	@echo "the matching tables (RQ2) are complete: $(OUT)/index.html; next the notebooks, which compute what the other questions need"
	@$(MAKE) --no-print-directory notebooks

smoke: ## the same in under a minute, with models too small to learn much
	go run ./girl/cmd/girl run -data market -profile smoke -seeds 1 -out runs/smoke

# The committed results: DATA is "market" or a dataset's folder. Resumable; results/paper-NAME and README's section on it are written anew.
DATA  ?= market
PAPER  = paper-$(notdir $(abspath $(DATA)))
paper: ## five seeds with the paper profile and all studies, published in results/
	go build -buildvcs=auto -o .cache/girl ./girl/cmd/girl
	.cache/girl run -data "$(DATA)" -profile paper -seeds 1,2,3,4,5 -out "runs/$(PAPER)"
	for study in judge ablate sweep; do .cache/girl $$study -run "runs/$(PAPER)" || exit 1; done
	.cache/girl publish -run "runs/$(PAPER)" -out "results/$(PAPER)" -readme README.md

# ./... leaves folders out whose names begin with a dot.
TOOLS := ./.ci/mutate ./.ci/versus
test: ## all tests
	go vet ./... $(TOOLS)
	go test -timeout 20m ./... $(TOOLS)

lint: ## formatting and static checks
	@test -z "$$(gofmt -l .)" || { echo "gofmt needed:"; gofmt -l .; exit 1; }
	go run $(LINT) run

# About ten minutes on two idle cores with -j 2. MUTATE="-run ppo -j 2" and the like go to it; -list says what it breaks.
mutate: ## break one line of the mathematics at a time in a copy: which of them do the tests notice?
	go run ./.ci/mutate $(MUTATE)

soak: ## long tests: every fuzz target for SOAK (60s), kill -9 KILLS (5) times as often as in make test, bad input
	@.ci/soak

# Most of an hour. BENCH is a regular expression of benchmarks, such as Train; BENCHTIME how often each is repeated for one line (5x) or
# how long (2s): 1x takes a third of the time; COUNT how many lines each gets: benchstat wants six or more to tell a difference from noise.
BENCH     ?= .
BENCHTIME ?= 5x
COUNT     ?= 1
bench: ## speed, in the format benchstat reads; BENCH=Train, BENCHTIME=1x and COUNT=6 say of what, how long and how often
	go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -count $(COUNT) -timeout 3h ./...

# About twenty minutes, on an idle machine. Needs PyTorch and the script, which nothing else does, and says so where they are missing.
versus: ## speed and memory against a PyTorch script that does the same work, in turn; VERSUS="-h" for its flags
	go run ./.ci/versus $(VERSUS)

kernel: ## the Go kernel of the notebooks, in .gonb of the checkout; about a minute the first time
	go run ./notebooks/nbrun install

notebooks: kernel ## all notebooks on the run in OUT, without Jupyter; executed copies into OUT/notebooks
	go run ./notebooks/nbrun -timeout 24h -set GENJOBREC_RUN="$(OUT)" -out "$(OUT)/notebooks" notebooks/*.ipynb

jupyter: ## the notebooks in the browser, on the run in OUT; JUPYTER_FLAGS, such as --no-browser, go to Jupyter
	@for app in lab notebook none; do jupyter $$app --version >/dev/null 2>&1 && break; done; \
	if [ $$app = none ]; then echo "Jupyter is not installed: pip install jupyterlab, or on Debian apt-get install jupyter-notebook" >&2; exit 1; fi; \
	$(MAKE) --no-print-directory kernel || exit 1; \
	root=; if [ "$$(id -u)" = 0 ]; then root=--allow-root; fi; \
	GENJOBREC_RUN="$(OUT)" JUPYTER_PATH="$(CURDIR)/.gonb/jupyter$${JUPYTER_PATH:+:$$JUPYTER_PATH}" \
	exec jupyter $$app $$root $(JUPYTER_FLAGS) "$(NOTEBOOKS)"

clean: ## remove runs
	rm -rf runs
