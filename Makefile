# The commands a newcomer needs. Each sets itself up: Python 3.11 or newer and make are all it takes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what it imports; compiling all of it beforehand is a fifth of the time until the page is there.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
HOST ?= 127.0.0.1
PORT ?= 8080

.PHONY: help demo test lint types unit test-unleash bench bench-flags bench-reports bench-hour chaos wheel messages clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(BIN)/firebreak: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Firebreak needs Python 3.11 or newer; name it with: make PYTHON=python3.12"; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@echo "Installing Firebreak into $(VENV) (once)"
	@$(INSTALL) --editable . || { echo "Firebreak could not be installed; pip says why above. The same command goes on from here."; exit 2; }
	@touch $@

$(VENV)/dev: $(BIN)/firebreak
	@echo "Installing the development tools into $(VENV) (once)"
	@$(INSTALL) --editable '.[dev]' || { echo "The tools could not be installed; pip says why above. The same command goes on from here."; exit 2; }
	@touch $@

demo: $(BIN)/firebreak ## open a local Slack with the bot connected to it (HOST=, PORT=)
	@exec $(BIN)/firebreak demo --host $(HOST) --port $(PORT)

test: lint types unit ## lint, types and tests

lint: $(VENV)/dev ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/dev ## mypy, strict
	@$(BIN)/mypy

unit: $(VENV)/dev ## the tests alone; twice as many as there are cores, because most of them wait
	@$(BIN)/pytest -n 4 --dist worksteal

# A server of 190 MB that only these tests need, and its client, which wants other versions than our own tools.
UNLEASH := build/unleash
$(UNLEASH)/ready: $(VENV)/dev
	@mkdir -p $(UNLEASH)
	@echo "Installing Unleash into $(UNLEASH) (once)"
	@npm install --silent --no-audit --no-fund --prefix $(UNLEASH) unleash-server@7.5.1
	@$(PYTHON) -m venv $(UNLEASH)/venv
	@$(UNLEASH)/venv/bin/pip install --quiet --disable-pip-version-check UnleashClient==6.9.1
	@touch $@

test-unleash: $(VENV)/dev ## the flags in a real Unleash server, seen by its own client (needs npm)
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then \
		echo "Flags were not tried in a real Unleash, which needs Node 20 or newer with npm"; \
	elif ! $(MAKE) --no-print-directory $(UNLEASH)/ready; then \
		echo "Flags were not tried in a real Unleash: npm or pip could not install it"; \
	else FIREBREAK_TEST_UNLEASH=$(UNLEASH) $(BIN)/pytest -m unleash tests/flags/test_real_unleash.py; fi

bench: $(VENV)/dev ## speed, as ratios against something run beside it
	@$(BIN)/python -m benchmarks

bench-flags: $(VENV)/dev ## how soon applications see a kill, and what serving flags costs
	@$(BIN)/python -m benchmarks.flags

bench-reports: $(VENV)/dev ## what a million incidents cost the reports (REPORTS="--incidents 100000" for less)
	@$(BIN)/python -m benchmarks.reports $(REPORTS)

bench-hour: $(VENV)/dev ## an hour of many workspaces' load in simulated time (docs/scale.md)
	@$(BIN)/python -m benchmarks.hour

chaos: $(VENV)/dev ## kill, fault and fuzz the bot for a quarter of an hour (CHAOS="--seed 7 kills")
	@$(BIN)/python -m chaos $(CHAOS)

messages: $(VENV)/dev ## collect the texts for the catalogues and compile them
	@$(BIN)/python -m tests.catalogues

wheel: $(BIN)/firebreak ## build the wheel into dist/
	@$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove everything that these commands made
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
