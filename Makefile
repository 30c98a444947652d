# Targets for people: make demo, make test. `make setup` installs what a build needs and is run by both.
PREFIX ?= /usr/local
SWIFT ?= swift
RELEASE = .build/release
# The tests reach into modules (@testable), and model code in a debug build is fifty times slower.
TEST_FLAGS = -c release -Xswiftc -enable-testing
# The test build has a folder of its own, so that it and the plain build do not undo each other.
TEST_FOLDER = .build-tests
LINTED = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources
# What --version prints. SwiftPM caches its manifest by environment: without this an incremental build keeps an old
# commit.
export VLMPRUNE_COMMIT := $(shell git describe --always --dirty=_changed --abbrev=12 --exclude='*' 2>/dev/null)

.PHONY: setup build demo test lint format retention sweep report-picture methods-docs run-scripts benchmarks picture install clean

setup:
	@scripts/setup.sh

build: setup
	$(SWIFT) build -c release --product vlmprune

demo: build
	@scripts/demo.sh $(RELEASE)/vlmprune

test: setup
	$(SWIFT) build $(TEST_FLAGS) --scratch-path $(TEST_FOLDER) --build-tests
	$(SWIFT) test $(TEST_FLAGS) --scratch-path $(TEST_FOLDER) --skip-build --disable-xctest

lint:
	@scripts/check_cycles.sh
	@scripts/check_columns.sh
	@scripts/check_test_names.sh
	$(SWIFT) format lint --strict --recursive $(LINTED)

format:
	$(SWIFT) format --in-place --recursive $(LINTED)

# Strategies × budgets on the bundled model's test scenes.
retention: build
	@scripts/retention.sh $(RELEASE)/vlmprune

# The same rows, and their report as one page.
sweep: build
	@scripts/sweep.sh $(RELEASE)/vlmprune

# docs/report.png: the beginning of that page.
report-picture: sweep
	@scripts/report_picture.sh .build/retention

# docs/methods: a page a strategy, from what the code declares.
methods-docs: build
	$(RELEASE)/vlmprune strategies --pages docs/methods

# Runs that are killed, split and short of disk.
run-scripts: build
	@Tests/Scripts/kill_and_resume.sh $(RELEASE)/vlmprune
	@Tests/Scripts/shards_and_merge.sh $(RELEASE)/vlmprune
	@Tests/Scripts/full_disk.sh $(RELEASE)/vlmprune

# Rates of the kernels alone; `vlmprune bench` times a model, tools/peers other runtimes beside it.
benchmarks: setup
	$(SWIFT) run -c release --package-path Benchmarks

picture: build
	@scripts/picture.sh $(RELEASE)/vlmprune

install:
	@scripts/setup.sh libstdc++-12-dev
	$(SWIFT) build -c release --product vlmprune --static-swift-stdlib --scratch-path .build-install
	install -D -m 755 .build-install/release/vlmprune $(DESTDIR)$(PREFIX)/bin/vlmprune
	install -d $(DESTDIR)$(PREFIX)/share/vlmprune/shapes-llava
	install -m 644 fixtures/models/shapes-llava/* $(DESTDIR)$(PREFIX)/share/vlmprune/shapes-llava/

clean:
	rm -rf .build Benchmarks/.build .build-tests .build-install
