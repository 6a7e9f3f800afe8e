# Counterfoil. `make` alone says what there is to make.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# So many tests at once (0: one after the other, in one process, for a debugger).
WORKERS ?= auto
SIDE_BY_SIDE := --numprocesses=$(WORKERS) --maxprocesses=4 --dist=worksteal
# What fails beside others is tried again and told at the end; not what is about money (docs/decisions/0114).
ONCE_MORE := --reruns=2 --max-suite-reruns=12 --rerun-show-tracebacks
# Settings of the caller's shell must not reach the tests, which compile each module once and keep it.
CLEAN := env -u PYTHONDONTWRITEBYTECODE $$(env | sed -n 's/^\(COUNTERFOIL_[A-Z0-9_]*\)=.*/-u \1/p')

.DEFAULT_GOAL := help
.PHONY: help run test soak check format shell screenshots train bench bench-gateway bench-fraud bench-lighthouse bench-second-tab bench-settlement bench-commits bench-request-log lock browser clean

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST) | while IFS='	' read -r name what; do \
	  printf '  make %-17s %s\n' "$$name" "$$what"; done

run: $(VENV)/run.stamp ## start gateway, dashboard and worker; Ctrl-C stops them
	@$(BIN)/counterfoil up --end-with-parent

test: $(VENV)/test.stamp browser ## run every test, on both databases, with a real browser (TESTS=… for some)
	@$(CLEAN) $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ONCE_MORE) $(TESTS)

soak: $(VENV)/test.stamp browser ## run the tests at full sizes; takes long
	@$(CLEAN) $(BIN)/python -m pytest $(SIDE_BY_SIDE) --soak $(TESTS)

check: $(VENV)/test.stamp ## format, lint, types, import rules, templates
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint --check --lint --quiet templates sandbox_gateway

format: $(VENV)/test.stamp ## put the code into the form that `make check` asks for
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format

shell: $(VENV)/run.stamp ## a Python session on the data in ./var, with the models at hand
	@$(BIN)/python -m app.cli.shell

screenshots: $(VENV)/test.stamp browser ## every page, in both color schemes and three widths, into ./screenshots
	@$(CLEAN) $(BIN)/python -m tests.looks.screenshots

train: $(VENV)/test.stamp ## make the shipped fraud model, its card and pictures anew
	@$(BIN)/python -m fraud_model train --out fraud_model/shipped

bench: bench-gateway bench-request-log bench-fraud bench-second-tab bench-settlement bench-commits bench-lighthouse ## every bench, one after the other; takes long

bench-gateway: $(VENV)/test.stamp ## the gateway beside localstripe, Prism and what the machine could do (BENCH=… for options)
	@$(CLEAN) $(BIN)/python -m bench.gateway $(BENCH)

bench-fraud: $(VENV)/test.stamp ## the fraud model: time of one assessment, batch, memory (BENCH=… for options)
	@$(CLEAN) $(BIN)/python -m bench.fraud $(BENCH)

bench-lighthouse: $(VENV)/test.stamp browser ## Lighthouse on the main pages of a demo installation (needs Node 20 and npm)
	@$(CLEAN) $(BIN)/python -m bench.lighthouse

bench-settlement: $(VENV)/run.stamp ## a settlement of many lines taken into the books (BENCH=… for options)
	@$(CLEAN) $(BIN)/python -m bench.settlement $(BENCH)

bench-commits: $(VENV)/test.stamp ## what waking open pages costs whoever commits on PostgreSQL (BENCH=… for options)
	@$(CLEAN) $(BIN)/python -m bench.commits $(BENCH)

bench-request-log: $(VENV)/run.stamp ## what the gateway's request log costs, and where a payment's time goes (BENCH=--profile)
	@$(CLEAN) $(BIN)/python -m bench.request_log $(BENCH)

bench-second-tab: $(VENV)/test.stamp browser ## how long until a second tab shows a refund
	@$(CLEAN) $(BIN)/python -m bench.second_tab

lock: $(VENV)/test.stamp ## resolve the requirements anew and lock them with their hashes (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: see https://docs.astral.sh/uv"; exit 1; }
	@uv pip compile pyproject.toml --extra build --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --upgrade --quiet -o requirements/run.txt
	@uv pip compile pyproject.toml --extra build --extra train --extra test --universal --generate-hashes --no-header \
	  --no-emit-index-url --python-version 3.11 --upgrade --quiet -c requirements/run.txt -o requirements/test.txt

browser: $(VENV)/test.stamp
	@$(BIN)/python -m tests.browser || $(BIN)/python -m playwright install chromium

clean: ## remove the virtual environment, caches and build products; ./var stays
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
	  test-results htmlcov .coverage
	@find app sandbox_gateway fraud_model tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment. Stamps are younger than what they were made from, so a second run does nothing.

$(VENV)/made.stamp:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V): install it and run make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing: apt install python3-venv"; exit 1; }
	@echo "making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/made.stamp
	@echo "installing what it runs on (locked by hash)"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp: requirements/test.txt tests/node/package-lock.json | $(VENV)/run.stamp
	@echo "installing what its tests need (locked by hash)"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@$(BIN)/python -m tests.node
	@touch $@
