# What a user does with a checkout. Thin: the work is in scripts/ and in cargo.

export COURANT_DEPS ?= $(CURDIR)/.deps
TARGET := $(or $(CARGO_TARGET_DIR),target)
COURANT := $(TARGET)/debug/courant
BENCH := $(TARGET)/release/courant-bench
PYTHON ?= python3

# nextest leaves out the examples in the documentation.
TESTS := $(if $(shell command -v cargo-nextest),cargo test --quiet --doc --workspace && cargo nextest run,cargo test)
export COURANT_DATA ?= ../shared/data
UNPACKED := $(COURANT_DEPS)/data
# Quality does not depend on the build. PROFILE=dev measures it with the build of the tests.
PROFILE ?= release
EVAL_BUILD := $(if $(filter dev,$(PROFILE)),--workspace --bins --tests,--release --package courant-evals)
EVAL := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,release)/courant-eval --data $(UNPACKED)

.PHONY: help sbom deps test-deps eval-deps build run test test-scripts e2e clean-deps \
  eval eval-build eval-extract eval-feeds eval-dedup eval-language eval-models eval-retrieval eval-peers bench bench-build bench-peers \
  bench-first-run conformance faults fuzz model test-api test-clients test-console verify

help: ## Lists these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

deps: ## Fetches the runtime library and the encoders into .deps/ (once)
	@$(PYTHON) scripts/fetch-deps

test-deps: ## The same with the servers that the tests use
	@$(PYTHON) scripts/fetch-deps --tests

# The fp32 graph of the multilingual encoder, and the engine that it is compared with.
eval-deps:
	@$(PYTHON) scripts/fetch-deps --evaluations

build: ## Builds target/release/courant
	@cargo build --release --package courant

# The build without the optimizations of a package takes a third of the time.
run: deps ## Runs the pipeline on the sample site, or on SOURCES="url file …"; ONCE=1 ends after them
	@cargo build --package courant
	@$(COURANT) run $(if $(ONCE),--once) $(if $(DATA),--data $(DATA)) $(or $(SOURCES),--sample)

sbom: ## Writes the packages of the programs to target/courant.cdx.json (CycloneDX)
	mkdir -p target
	scripts/sbom > target/courant.cdx.json

bench-first-run: ## Measures the first `make run`, from nothing (CPU-seconds)
	@scripts/bench-first-run

# The end-to-end tests start the agents' own binaries: they are built first.
test: test-deps test-scripts ## Runs every test, on real servers
	@cargo build --workspace --bins --tests
	@$(TESTS) --workspace

# Real pages of 41 countries' publishers, where the shared data are at hand.
PAGES := $(UNPACKED)/fundus-publishers
e2e: test-deps ## Crawls 258 real pages both ways, and kills everything on the way (needs COURANT_DATA)
	@test -d "$(PAGES)" || test -x "$(COURANT_DATA)/unpack.sh" || \
	{ echo "make e2e: no data: COURANT_DATA=$(COURANT_DATA) has no unpack.sh" >&2; exit 1; }
	@test -d "$(PAGES)" || "$(COURANT_DATA)/unpack.sh" fundus-publishers "$(UNPACKED)"
	@cargo build --release --workspace --bins
	@COURANT_E2E_PAGES="$(PAGES)" COURANT_E2E_KILL_ALL=1 COURANT_BIN="$(abspath $(TARGET))/release" \
	cargo test --workspace --test it -- --nocapture --test-threads 1 journey kills

conformance: deps ## Runs the MCP conformance suite, by both specifications
	@scripts/conformance

# A test of the suite plays six kills; this, more of them and another history by SEED.
faults: test-deps ## Kills a loaded process KILLS (200) times; sets its clock, loses and damages its files
	@cargo build --workspace --bins --tests
	@COURANT_KILLS=$(or $(KILLS),200) COURANT_SEED=$(or $(SEED),1) \
	cargo test --workspace --test it -- --nocapture --test-threads 1 faults
	@COURANT_KILLS=$(or $(KILLS),100) COURANT_SEED=$(or $(SEED),1) \
	cargo test -p courant-search --test conformance -- --nocapture kills

# The suite plays 300 operations; this, 200,000 of another history by SEED, half an hour and more.
# One back end after the other: a server that is started beside a file inherits the file's lock
# until it runs its own program.
model: test-deps ## Compares an archive with a plain list through OPERATIONS (200000), on both back ends
	@COURANT_STEPS=$(or $(OPERATIONS),200000) COURANT_SEED=$(or $(SEED),1) \
	cargo test --package courant-search --test conformance -- --nocapture --test-threads 1 an_archive_answers

# The recursive calls share one build. Two hours and more on two cores.
verify: ## Runs what is too slow for each merge: e2e, faults, model, fuzz, conformance, test-api, test-clients, test-console, first run, offline
	@$(MAKE) e2e
	@$(MAKE) faults
	@$(MAKE) model
	@scripts/build-offline
	@$(MAKE) bench-first-run
	@$(MAKE) conformance
	@$(MAKE) test-api
	@$(MAKE) test-clients
	@$(MAKE) test-console
	@$(MAKE) fuzz

# The stack starts the agents' own programs.
test-api: test-deps ## Lets schemathesis ask every operation of the OpenAPI document in both modes, EXAMPLES (25) inputs each
	@cargo build -q --workspace --bins
	@cargo build -q -p courant-tests --example stack
	@scripts/test-api $(COURANT) $(COURANT_DEPS) $(TARGET)/debug/examples/stack

test-clients: deps ## Uses a service by generated clients, feed readers and MCP's official clients
	@cargo build -q -p courant
	@scripts/test-clients $(COURANT)

test-console: deps ## Drives the console in Debian's chromium; SCREENSHOTS=folder keeps pictures
	@cargo build -q -p courant
	@scripts/test-console $(COURANT) $(COURANT_DEPS)

fuzz: ## Feeds every parser what nobody would write, FUZZ_SECONDS (60) each
	@fuzz/run

# Figures below a goal's "at least" fail these; a data set that is absent is SKIPPED.
EVALUATED := trafilatura-eval wcxb-dev fundus-publishers mozilla-readability \
  feeds-feedparser feeds-feed-rs feeds-miniflux robots-sitemaps-crawler-commons robots-texting \
  url-urlcanon mediacloud-urls dedup-natural-pairs news-text stsb-dev topics-dev ner \
  sib200 masakhanews xquad stories-basil
eval: eval-extract eval-feeds eval-dedup eval-language eval-models ## Measures quality on real inputs, against the goals (COURANT_DATA)

eval-build:
	@mkdir -p "$(UNPACKED)"
	@if test -x "$(COURANT_DATA)/unpack.sh"; then "$(COURANT_DATA)/unpack.sh" $(EVALUATED) "$(UNPACKED)"; \
	else echo "SKIPPED: COURANT_DATA=$(COURANT_DATA) has no unpack.sh; only what lies in $(UNPACKED) is measured"; fi
	@cargo build $(EVAL_BUILD)

eval-extract: eval-build ## Text, verdict, titles, authors and dates of pages
	@$(EVAL) extract
	@$(EVAL) metadata

eval-feeds: eval-build ## Feeds, sitemaps, robots files; the speed of archives
	@$(EVAL) feeds
	@$(EVAL) warc

eval-language: eval-build ## The language of sentences and articles
	@$(EVAL) language

MULTILINGUAL := $(COURANT_DEPS)/sources/multilingual-e5-small
eval-models: eval-deps eval-build ## The encoders' precisions, and the models on their vectors
	@PYTHONPATH=$(COURANT_DEPS)/python PYTHONDONTWRITEBYTECODE=1 $(PYTHON) scripts/check_multilingual.py \
	$(COURANT_DEPS)/models/multilingual-e5-small $(MULTILINGUAL)/e5-small-q4.bin $(MULTILINGUAL)/engine.so
	@$(EVAL) encoder
	@$(EVAL) heads
	@$(EVAL) entities

PEER_TEXTS := $(COURANT_DEPS)/peers/trafilatura-eval.jsonl
eval-dedup: eval-build ## Canonical URLs and near-duplicates; SCALE=1000000 adds an index of that size
	@$(EVAL) urls
	@test -s "$(PEER_TEXTS)" || evals/peers/run extract "$(UNPACKED)/trafilatura-eval" "$(PEER_TEXTS)" || \
	echo "SKIPPED: the Python tools' texts, which need the network once and the data"
	@$(EVAL) dedup --peers "$(PEER_TEXTS)"
	@$(if $(SCALE),$(EVAL) dedup --scale $(SCALE))

PEER_RANKINGS := $(COURANT_DEPS)/peers/bm25s.jsonl
# Not a part of `eval`: it embeds some 3,000 articles, which takes a quarter of an hour the first time.
eval-retrieval: deps eval-build ## Search by words, by vectors and by both, beside bm25s; related articles
	@test -s "$(PEER_RANKINGS)" || evals/peers/run rank "$(UNPACKED)" "$(PEER_RANKINGS)" || \
	echo "SKIPPED: bm25s's rankings, which need the network once and the data"
	@$(EVAL) retrieval --peers "$(PEER_RANKINGS)"

# The first run builds the other extractors, which takes minutes.
eval-peers: eval-build ## Measures other extractors and Courant's on the same pages
	@benches/peers/run "$(abspath $(TARGET))/release/courant-eval" "$(UNPACKED)" "$(COURANT_DEPS)/peers"

bench-build:
	@cargo build --release --package courant --package courant-bench

bench: deps bench-build ## Measures on this machine the speed that docs/benchmarks.md states
	@$(BENCH) start
	@$(BENCH) vectors
	@$(BENCH) ramp
	@$(BENCH) crawl
	@$(BENCH) gateway
	@$(BENCH) inference

bench-peers: deps bench-build ## Measures fastembed and OpenBLAS beside Courant, in turn
	@benches/peers/run-inference "$(abspath $(BENCH))" "$(COURANT_DEPS)" "$(COURANT_DEPS)/peers"

test-scripts: deps
	@PYTHONPATH=$(COURANT_DEPS)/python PYTHONDONTWRITEBYTECODE=1 \
	$(PYTHON) -m unittest discover --start-directory scripts --pattern 'test_*.py'

clean-deps: ## Removes what was fetched
	rm -rf $(COURANT_DEPS)
