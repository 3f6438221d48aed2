# Everything a fresh machine needs: `make run` is the main job on the embedded synthetic market, `make test` the tests.
# The toolchain comes through the Go module proxy; without GOEXPERIMENT=simd matrix products take many times longer.
export GOTOOLCHAIN := go1.27.2
export GOEXPERIMENT := simd
export GOFLAGS := -buildvcs=false

OUT   ?= runs/market
SEEDS ?= 1
LINT  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: run test lint bench smoke kernel notebooks jupyter clean

run: ## the main job: the synthetic market, default profile, into runs/market; SEEDS=1,2,3 for three seeds
	go run ./girl/cmd/girl run -data market -profile default -seeds $(SEEDS) -out $(OUT)

smoke: ## the same in under a minute, with models too small to learn much
	go run ./girl/cmd/girl run -data market -profile smoke -seeds 1 -out runs/smoke

test: ## all tests
	go vet ./...
	go test -timeout 20m ./...

lint: ## formatting and static checks
	@test -z "$$(gofmt -l .)" || { echo "gofmt needed:"; gofmt -l .; exit 1; }
	go run $(LINT) run

bench: ## speed, in the format benchstat reads
	go test -run '^$$' -bench . -benchtime 5x ./...

kernel: ## the Go kernel of the notebooks, in .gonb of the checkout; about a minute the first time
	go run ./notebooks/nbrun install

notebooks: kernel ## all notebooks on the run in OUT, without Jupyter; executed copies into OUT/notebooks
	go run ./notebooks/nbrun -set GENJOBREC_RUN="$(abspath $(OUT))" -out "$(OUT)/notebooks" notebooks/*.ipynb

jupyter: kernel ## the notebooks in the browser, on the run in OUT
	@command -v jupyter >/dev/null || { echo "jupyter is not installed: pip install jupyterlab, or on Debian apt-get install jupyter-notebook"; exit 1; }
	@if jupyter lab --version >/dev/null 2>&1; then app=lab; else app=notebook; fi; \
	GENJOBREC_RUN="$(abspath $(OUT))" JUPYTER_PATH="$(CURDIR)/.gonb/jupyter" jupyter $$app notebooks

clean: ## remove runs
	rm -rf runs
