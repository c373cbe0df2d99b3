# Two commands:  make lab   JupyterLab on notebooks/quickstart.ipynb, with no key, in an environment of its own
#                make test  everything that has to hold, from lint to a story in a real browser
# Everything they need is put under .venv and .venv-kernels once; "make clean" takes it away.

# Any Python >= 3.10 will do: the first that answers. PYTHON=... names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip --quiet --quiet

# ipykernel routes comms and nested loops differently in each of these; 7.4 needs Python 3.11.
KERNELS := 6.31 7.3 7.4

NPM = sh ../scripts/run-npm ../$(BIN)/python --silent

LAB_ARGS ?=
# In a container one is often root, and Jupyter then wants to be told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
TEST_ARGS ?=
# For "make bench": --quick, --only CASE, --json PATH.
BENCH_ARGS ?=
WORKERS ?= 2

.PHONY: lab test lint format types unit kernels notebooks browser bench bench-library bench-masks bench-measures bench-report bench-sweep bench-studio bench-compare pictures screenshots js js-check clean setup
.DEFAULT_GOAL := test

## what a person types

lab: $(VENV)/.lab
	$(BIN)/jupyter lab $(AS_ROOT) $(LAB_ARGS) notebooks/quickstart.ipynb

# One pytest process for all rings, so that the slow ones (kernels, browser) run beside the fast ones.
test: setup lint types js-check
	@$(TEST) $(TEST_ARGS) tests

setup: $(VENV)/.test $(KERNELS:%=.venv-kernels/%/.ready) chromium

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.test
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(VENV)/.test
	$(BIN)/mypy

## the rings one by one

TEST = IMGCELL_KERNELS=$$(ls -d .venv-kernels/*/.ready 2>/dev/null | sed 's|\(.*\)/.ready|$(CURDIR)/\1/bin/python|' | paste -sd, -) \
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# The Studio's page: checked and tested, and written to src/imgcell/static, where it is committed (make lab needs no Node).
js: js/node_modules/.ready
	@cd js && $(NPM) run lint && $(NPM) run types && $(NPM) run test && $(NPM) run build

# The same, but what is committed has to be what the sources make.
js-check: js/node_modules/.ready
	@cd js && $(NPM) run lint && $(NPM) run types && $(NPM) run test && $(NPM) run check

unit: $(VENV)/.test
	@$(TEST) -m "not kernel and not browser" $(TEST_ARGS) tests

kernels: $(VENV)/.test $(KERNELS:%=.venv-kernels/%/.ready)
	@$(TEST) -m kernel $(TEST_ARGS) tests

notebooks: $(VENV)/.test
	@$(TEST) $(TEST_ARGS) tests/test_notebooks.py

browser: $(VENV)/.test chromium
	@$(TEST) -n 0 -m browser $(TEST_ARGS) tests

bench: $(VENV)/.bench
	$(BIN)/python tests/benchmarks $(BENCH_ARGS)

# Questions at 10,000 and 100,000 pictures, durable records, bytes a picture. BENCH_ARGS="--rows 1000000" for more.
bench-library: $(VENV)/.test
	$(BIN)/python tests/benchmarks/library.py $(BENCH_ARGS)

# Masks of 4096 x 4096: each operation, and what people use for it.
bench-masks: $(VENV)/.test
	$(BIN)/python tests/benchmarks/masks.py $(BENCH_ARGS)

# What an edit of 4096 x 4096 changed, and the other measures.
bench-measures: $(VENV)/.test
	$(BIN)/python tests/benchmarks/measures.py $(BENCH_ARGS)
	$(BIN)/python tests/benchmarks/metrics.py

# 64 cells against the ideal; an interrupt.
bench-sweep: $(VENV)/.test
	$(BIN)/python tests/benchmarks/sweep.py $(BENCH_ARGS)

# A report of 200 pictures: figures, page, folder, and a browser that shows and prints it.
bench-report: $(VENV)/.test chromium
	$(BIN)/python tests/benchmarks/report.py $(BENCH_ARGS)

bench-studio: $(VENV)/.test chromium
	$(BIN)/python tests/benchmarks/studio.py

# Sixteen pictures of 4096 pixels a side beside each other: first paint, frames while panning.
bench-compare: $(VENV)/.test chromium
	$(BIN)/python tests/benchmarks/compare.py

pictures: $(VENV)/.test chromium
	$(BIN)/python tests/browser/make_pictures.py

# SCREENSHOTS names states (tests/browser/studio_states.py); all without it.
screenshots: $(VENV)/.test chromium
	$(BIN)/python tests/browser/make_screenshots.py $(SCREENSHOTS)

## setting up (stamp files: nothing is done twice)

$(VENV)/.made: scripts/make-venv
	sh scripts/make-venv "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/.lab: $(VENV)/.made pyproject.toml
	$(PIP) install --editable '.[lab]'
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml
	$(PIP) install --editable '.[test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP) install --editable '.[bench]'
	@touch $@

# Each is the test environment with another ipykernel in front of it: a few seconds and a few megabytes.
.venv-kernels/%/.ready: $(VENV)/.test scripts/make-kernel-venv
	sh scripts/make-kernel-venv $(VENV) .venv-kernels/$* $*

# What the lock file names, by its digests; no package runs a script of its own.  Not "npm ci": that also wants to know the
# builds for all other platforms, which not every registry has.
js/node_modules/.ready: js/package.json js/package-lock.json js/.npmrc | $(VENV)/.test
	@cd js && $(NPM) install --no-save --ignore-scripts --loglevel=error
	@touch $@

.PHONY: chromium
chromium:
	@sh scripts/find-chromium

clean:
	rm -rf $(VENV) .venv-kernels js/node_modules js/harness/built build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/browser/pictures
