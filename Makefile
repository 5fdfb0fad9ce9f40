# Each target makes what it needs in $(VENV), once, and again when the versions change.
# Another Python: make test PYTHON=python3.12 VENV=.venv-3.12

PYTHON      ?= python3
VENV        ?= .venv
# What to install beside the library; Spark is the large one.
TEST_EXTRAS ?= all
# What the tests compare with, and what runs the notebook; without it those tests are skipped.
ORACLES     ?= --group oracles
# For pytest, such as PYTEST_ARGS='tests/scoring -x --no-cov'.
PYTEST_ARGS ?=

BIN     := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
PINS    := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs bench clean
.SUFFIXES:

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

demo: $(VENV)/.demo  ## score the sample leads by the default policy
	@$(BIN)/leadrules demo

test: $(VENV)/.test $(VENV)/.durable  ## run the tests, with branch coverage
	@cat $(VENV)/.durable
	@$(BIN)/python -m pytest --cov --cov-branch --cov-report=term-missing $(PYTEST_ARGS)

lint: $(VENV)/.lint  ## check style, format, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.docs  ## build the documentation into site/, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean

bench: $(VENV)/.bench $(VENV)/.durable  ## time leadrules beside its peers
	@cat $(VENV)/.durable
	@$(BIN)/python -m benchmarks

clean:  ## remove everything that the targets made
	rm -rf .venv .venv-* site build dist .coverage .coverage.* .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "leadrules needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(INSTALL) --upgrade pip
	@touch $@

$(VENV)/.demo: $(VENV)/.made $(PINS)
	@echo "installing leadrules into $(VENV)"
	@$(INSTALL) --editable '.[cli,metrics]'
	@touch $@

$(VENV)/.test: $(VENV)/.made $(PINS)
	@echo "installing the tests' packages into $(VENV)"
	@$(INSTALL) --group test $(ORACLES) --editable '.[$(TEST_EXTRAS)]'
	@touch $@

$(VENV)/.lint: $(VENV)/.made $(PINS)
	@echo "installing the lint's packages into $(VENV)"
	@$(INSTALL) --group lint --group test --editable '.[cli,duckdb,pandas,testing]'
	@touch $@

$(VENV)/.docs: $(VENV)/.made $(PINS)
	@echo "installing the documentation's packages into $(VENV)"
	@$(INSTALL) --group docs --editable .
	@touch $@

$(VENV)/.bench: $(VENV)/.made $(PINS)
	@echo "installing the peers into $(VENV)"
	@$(INSTALL) --group bench --editable '.[cli,duckdb,pandas]'
	@touch $@

# durable-rules compiles C, which not every machine can; the stamp holds what to tell.
$(VENV)/.durable: $(VENV)/.made $(PINS)
	@if $(INSTALL) --editable '.[durable]' >$(VENV)/durable.log 2>&1 && \
	    $(BIN)/python -c 'import durable.lang' 2>>$(VENV)/durable.log; then : >$@; \
	elif $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then \
	  echo "durable-rules: not compared, because it needs Python below 3.13" >$@; \
	else \
	  echo "durable-rules: not compared, because it did not build here (no C compiler or no Python headers?); see $(VENV)/durable.log" >$@; fi
