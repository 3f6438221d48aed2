# Everything a fresh machine needs: `make run` is the main job on the embedded synthetic market, `make test` the tests.
# The toolchain comes through the Go module proxy; without GOEXPERIMENT=simd matrix products take many times longer.
export GOTOOLCHAIN := go1.27.2
export GOEXPERIMENT := simd
export GOFLAGS := -buildvcs=false

OUT   ?= runs/market
SEEDS ?= 1
LINT  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: run test lint bench smoke clean

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

clean: ## remove runs
	rm -rf runs
