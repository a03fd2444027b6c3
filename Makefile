# The verbs of this repository. CI calls the same targets as people do.
# Targets that check write nothing in the tree; those that write say so.

.SHELLFLAGS := -euc
.DEFAULT_GOAL := help

TOOL     := go tool -modfile=tools/tools.mod
RELEASED := tools/released
NPM      := npm ci --ignore-scripts --no-audit --no-fund --silent
FUZZTIME ?= 10000x
NEWEST_GO ?= go1.27.1
PKG      ?= ./...
MODULES  := gocloud otel bench/aws examples/fleet

##@ Start here

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Upload a real file on the embedded emulator, with progress, and verify it
	@head -c 67108864 /dev/urandom > build/demo.bin
	./build/bytescale upload --local build/demo.bin

.PHONY: test
test: ## Vet and all tests; needs Go and make alone
	go vet ./...
	go test ./...

.PHONY: check
check: test vet-32bit race fmt-check lint generate-check notices-check release-check fuzz-smoke ## Everything a change must pass; writes nothing in the tree

.PHONY: build
build: ## Write the command to build/bytescale
	@mkdir -p build
	CGO_ENABLED=0 go build -trimpath -o build/bytescale ./cmd/bytescale

##@ Checks

.PHONY: race
race: ## All tests under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race ./...

.PHONY: fmt-check
fmt-check: ## Formatting, without writing
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		echo "not formatted (run 'make fmt'):"; echo "$$unformatted"; exit 1; fi

.PHONY: lint
lint: ## golangci-lint with .golangci.yml
	$(TOOL) golangci-lint run --allow-parallel-runners $(PKG)

.PHONY: fuzz-smoke
fuzz-smoke: ## Every fuzz target, FUZZTIME each (10000x: that many runs)
	tools/fuzz.sh $(FUZZTIME)

.PHONY: crash
crash: ## The kill -9 tests through the real command and emulator, again and in detail
	go test -count=1 -v -run 'Killed|Crash' ./cmd/bytescale ./internal/fake/store

.PHONY: soak
soak: ## 1000 random uploads and as many downloads with random faults; prints their seeds
	go test -count=1 -v -run '^TestSoak' -soak 1000 .

.PHONY: memory
memory: ## Peak memory of built programs: a file of 20 GiB, small files, streams; and of a sync of a million files
	BYTESCALE_HUGE_FILE=20GiB go test -count=1 -v -run '^TestMemory(OfDownloads)?$$' ./cmd/bytescale
	go test -count=1 -v -tags memory -run '^TestMemory' . ./bench ./internal/tree

.PHONY: attack
attack: ## Another user swaps names while the command works (if root runs it); hostile servers and clients; Linux
	go test -count=1 -v -tags attack -run '^(TestSwaps|TestMemoryOfHostileServer|TestEmulatorMemoryUnderAttack)' ./cmd/bytescale -rounds 100
	go test -count=1 -v -run '^(TestEffort|TestHandlerMemory)$$' ./contract

.PHONY: gates-bite
gates-bite: ## Break a scratch copy on purpose: every gate must fail; and the gates of a user's module
	go test -count=1 -timeout 30m -tags gates ./tools/... ./contract_test/consumer

.PHONY: vet-32bit
vet-32bit: ## Vet for a 32-bit system, on which an int has 32 bits
	GOARCH=386 go vet ./...

.PHONY: newest-go
newest-go: ## Vet, and the tests of what users link, with the newest Go, which the go command fetches
	GOTOOLCHAIN=$(NEWEST_GO) go vet ./...
	GOTOOLCHAIN=$(NEWEST_GO) go test . ./gen ./internal/... ./contract ./bytescaletest/... ./cdn ./token

.PHONY: modules
modules: ## The modules below the root (gocloud, otel, a peer of the benchmark, examples/fleet): tidy, vet, lint, tests under the race detector
	@for dir in $(MODULES); do echo "module $$dir"; (cd "$$dir" && go mod tidy -diff && go vet ./... && \
		go tool -modfile="$(CURDIR)/tools/tools.mod" golangci-lint run --allow-parallel-runners ./... && \
		CGO_ENABLED=1 go test -race ./...) || exit 1; done

.PHONY: newest
newest: ## All tests with the newest version of every dependency, in a scratch copy; needs the network
	tools/newest.sh

##@ The spec and what is generated from it

.PHONY: generate
generate: ## Rewrite the generated files from openapi.yaml
	go generate ./...

.PHONY: generate-check
generate-check: ## Generate into a scratch directory and compare; go.mod tidy
	@tools/generate-check.sh

.PHONY: notices
notices: ## Rewrite THIRD_PARTY_NOTICES.txt, the licences of what the command links
	@tools/notices.sh write

.PHONY: notices-check
notices-check: ## THIRD_PARTY_NOTICES.txt is up to date, and all its licences are permissive
	@tools/notices.sh check

.PHONY: spec-lint
spec-lint: tools/node/node_modules ## Redocly on openapi.yaml: a second, foreign opinion; needs Node
	tools/node/node_modules/.bin/redocly lint --config tools/node/redocly.yaml openapi.yaml

.PHONY: portable
portable: tools/node/node_modules ## Types for TypeScript, a second Go client and documentation, by generators that are not ours; needs Node
	tools/portable.sh

.PHONY: breaking
breaking: ## oasdiff: openapi.yaml against that of the last release
	$(TOOL) oasdiff breaking --fail-on ERR --format singleline \
		--err-ignore $(RELEASED)/accepted-spec-changes.txt $(RELEASED)/openapi.yaml openapi.yaml

.PHONY: spec-changelog
spec-changelog: ## What changed in openapi.yaml since the last release
	@$(TOOL) oasdiff changelog $(RELEASED)/openapi.yaml openapi.yaml

.PHONY: api-check
api-check: ## The Go API against that of the last release
	@tools/goapi.sh check

.PHONY: release-check
release-check: breaking api-check spec-changelog ## Spec and Go API against the last release

.PHONY: release-baseline
release-baseline: ## Rewrite tools/released: the present spec and Go API become what is promised
	cp openapi.yaml $(RELEASED)/openapi.yaml
	tools/goapi.sh release

##@ The contract

.PHONY: contract
contract: ## The contract suite with its coverage table, and a second opinion on it; fails below 100 %
	go test -count=1 -v -run '^(TestCoverage|TestSecondOpinion)' ./contract_test/

.PHONY: contract-mutants
contract-mutants: ## All mutants of the spec against the suite; fails below 95 % killed; half an hour
	go test -count=1 -v -timeout 120m -run '^TestMutants' ./contract_test/ -mutants-every 1

.PHONY: contract-mutants-sample
contract-mutants-sample: ## Every 60th mutant: the part of contract-mutants that CI runs for a change
	go test -count=1 -v -timeout 30m -run '^TestMutants' ./contract_test/ -mutants-every 60

.PHONY: contract-live
contract-live: ## The suite against the live service; needs BYTESCALE_API_KEY
	go run ./contract_test/live

.PHONY: interop
interop: ## All 24 methods of the official JavaScript SDK, and an example in Python against the emulator; needs Node and Python 3
	go test -count=1 -v -tags interop ./interop/

.PHONY: browser
browser: ## The example page and the official upload widget in Chromium; needs Node; screenshots in build/browser
	@[ -n "$${CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser || command -v google-chrome || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }
	go test -count=1 -v -tags browser ./interop/browser/

.PHONY: prism
prism: tools/node/node_modules ## The generated client against the Prism mock server; needs Node
	go test -count=1 -v -tags prism ./contract_test/prism/

##@ Releases

# A clone without a remote is one of the repository, too. This writes nothing.
REMOTE := GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/c88edac7/bytescale-go

.PHONY: snapshot
snapshot: release-tools ## Build and check everything that a release has, without a tag: build/release, build/images
	$(REMOTE) PATH="$$PWD/build/tools:$$PATH" goreleaser release --snapshot --clean
	go test -C tools/release -count=1 -v ./...

.PHONY: release
release: release-tools ## Build a tag, check it and make a draft of its release on GitHub; needs GITHUB_TOKEN
	PATH="$$PWD/build/tools:$$PATH" goreleaser release --clean
	go test -C tools/release -count=1 -v ./...

.PHONY: release-tools
release-tools:
	@mkdir -p build/tools
	go build -C tools/release -o ../../build/tools/ github.com/goreleaser/goreleaser/v2 github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

.PHONY: completions
completions: ## Press TAB in bash and zsh; installs zsh and bash-completion if they are missing
	@[ -e /usr/share/bash-completion/bash_completion ] && command -v zsh || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends zsh bash-completion; }
	go test -count=1 -v -tags shells -run '^TestShells$$' ./cmd/bytescale

##@ Measure

.PHONY: bench
bench: ## Benchmarks against curl, the official JavaScript SDK and that of AWS, as ratios; writes build/bench
	go run ./bench -out build/bench

.PHONY: bench-docs
bench-docs: ## The same, and rewrite the table and chart of docs/performance.md
	go run ./bench -out build/bench -docs docs

.PHONY: bench-defaults
bench-defaults: ## The options over their ranges: what the defaults were chosen by
	go run ./bench -defaults

##@ Fix

.PHONY: fmt
fmt: ## Rewrite Go files as gofmt wants them
	gofmt -w .

.PHONY: clean
clean: ## Remove build/ and installed npm packages
	rm -rf build tools/node/node_modules interop/node_modules interop/browser/node_modules bench/js/node_modules

tools/node/node_modules: tools/node/package-lock.json
	cd tools/node && $(NPM)
	@touch $@
