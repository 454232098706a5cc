# `make` alone lists what there is to do.
#
#   CAIRN_BUILD_DIR   where SwiftPM builds (.build)
#   PREFIX, DESTDIR   where `make install` puts things (/usr/local, nothing)
#   SWIFT_FLAGS       more for `swift build`, e.g. --static-swift-stdlib for programs that need no toolchain to run
#   TEST_FLAGS        more for `swift test`, e.g. --filter TidyTests
#   TEST_TIMEOUT      seconds after which a test run is stopped (2700)

CAIRN_BUILD_DIR ?= .build
export CAIRN_BUILD_DIR
# Many tests start processes: more of them at once than this only make each other late.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT_FLAGS ?=
TEST_FLAGS ?=
TEST_TIMEOUT ?= 2700

PROGRAMS := trails trailsd orchestra substrat
IN_BUILD_DIR = --scratch-path "$(CAIRN_BUILD_DIR)"
RELEASE = swift build --configuration release $(IN_BUILD_DIR) $(SWIFT_FLAGS)
# SwiftPM takes one --product at a time and silently keeps the last of several.
BUILD_PROGRAMS = for program in $(PROGRAMS); do $(RELEASE) --product $$program || exit; done

.DEFAULT_GOAL := help
.PHONY: help demo test check build install

help:
	@echo 'make demo      install what is missing, build, and watch a pipeline and a tree survive kill -9'
	@echo 'make test      all tests'
	@echo 'make check     the style: format, tidiness, arrows of the house, systemd units; memory of functions'
	@echo 'make build     the programs, optimised'
	@echo 'make install   what was built, completions, man pages and units, below PREFIX ($(PREFIX))'
ifneq ($(wildcard scripts/bench),)
	@echo 'make bench     how fast, against limits measured in the same run'
endif
ifneq ($(wildcard scripts/lab),)
	@echo 'make lab       the long crash runs'
endif

demo:
	@scripts/setup
	@$(BUILD_PROGRAMS)
	@CAIRN_BIN="$$($(RELEASE) --show-bin-path)" scripts/demo

test:
	@scripts/setup --test
	@swift build --build-tests $(IN_BUILD_DIR)
	@scripts/within $(TEST_TIMEOUT) swift test --skip-build --disable-xctest $(IN_BUILD_DIR) $(TEST_FLAGS)

check:
	@scripts/setup --test
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests
	@scripts/check-units deploy/systemd
	@swift build --build-tests --explicit-target-dependency-import-check error $(IN_BUILD_DIR)
	@scripts/within $(TEST_TIMEOUT) swift test --skip-build --disable-xctest $(IN_BUILD_DIR) --filter TidyTests
	@$(BUILD_PROGRAMS)
	@cd "$$($(RELEASE) --show-bin-path)" && "$(CURDIR)/scripts/check-frames" $(PROGRAMS)

build:
	@scripts/setup
	@$(BUILD_PROGRAMS)
	@echo "built in $$($(RELEASE) --show-bin-path)"

# Builds nothing, so that root needs no toolchain: `make build && sudo make install`.
install:
	@scripts/setup --install
	@DESTDIR="$(DESTDIR)" scripts/install "$(CAIRN_BUILD_DIR)/release" "$(PREFIX)"

ifneq ($(wildcard scripts/bench),)
.PHONY: bench
bench:
	@scripts/setup
	@scripts/bench
endif

ifneq ($(wildcard scripts/lab),)
.PHONY: lab
lab:
	@scripts/setup --test
	@scripts/lab
endif
