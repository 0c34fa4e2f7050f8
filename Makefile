# Each target sets itself up in .venv: python3 (3.11 or newer) with venv and pip, make and a network are enough.
#
#   PYTHON=python3.12   the interpreter that .venv is made with
#   EXTRAS=bench        `make test` with the rivals installed, so that tests show their faults beside ours
#   ARGS="..."          further arguments of the command that a target runs

PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?=
ARGS   ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet

# What each set-up installs. A larger one contains the smaller ones.
DEMO  := start
TESTS := openai,pydantic,rag,start,vectors
FULL  := $(TESTS),bench

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check bench pictures constraints

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.ready-demo ## ask three questions about the standard library, and draw how they were answered
	$(BIN)/stateflow demo $(ARGS)

test: $(VENV)/.ready-$(if $(filter bench,$(EXTRAS)),full,tests) ## run the tests
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.ready-full ## lint, format and types, over everything
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright

bench: $(VENV)/.ready-full ## measure beside the rivals, and write benchmarks/results.md
	$(BIN)/python -m benchmarks $(ARGS)

pictures: $(VENV)/.ready-tests ## draw every example as PNG, light and dark, wide and phone
	$(BIN)/python -m tests.pictures $(ARGS)

constraints: $(VENV)/.ready-venv ## pin the newest versions that fit together, in constraints.txt
	$(BIN)/python -m pip install --quiet --dry-run --ignore-installed --report $(VENV)/resolved.json '.[$(FULL)]' --group dev
	$(BIN)/python -c "$$PIN" $(VENV)/resolved.json > $(VENV)/constraints.txt
	mv $(VENV)/constraints.txt constraints.txt

# -- set-up: stamps in .venv are newer than what they were made from; an interrupted one is simply done again --------

$(VENV)/.ready-demo: $(VENV)/.ready-venv pyproject.toml constraints.txt
	@echo "setting up $(VENV) for the demo ..."
	@$(PIP) install -c constraints.txt -e '.[$(DEMO)]'
	@touch $@

$(VENV)/.ready-tests: $(VENV)/.ready-venv pyproject.toml constraints.txt
	@echo "setting up $(VENV) for the tests ..."
	@$(PIP) install -c constraints.txt -e '.[$(TESTS)]' --group dev
	@touch $(VENV)/.ready-demo $@

$(VENV)/.ready-full: $(VENV)/.ready-venv pyproject.toml constraints.txt
	@echo "setting up $(VENV) for tests, checks and benchmarks ..."
	@$(PIP) install -c constraints.txt -e '.[$(FULL)]' --group dev
	@touch $(VENV)/.ready-demo $(VENV)/.ready-tests $@

$(VENV)/.ready-venv:
	@command -v $(PYTHON) >/dev/null \
	  || { echo "$(PYTHON) is missing: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed and $(PYTHON) is $$($(PYTHON) -V 2>&1): make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "python3 -m venv is missing: apt install python3-venv" >&2; exit 1; }
	@test ! -e $(VENV) || test -f $(VENV)/pyvenv.cfg \
	  || { echo "$(VENV) exists and is no virtual environment: remove it, or make VENV=elsewhere $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

define PIN
import json, sys
found = json.load(open(sys.argv[1]))['install']
pins = {item['metadata']['name'].lower(): item['metadata']['version'] for item in found}
print('# Versions that are known to work together: the package, its extras, its tests and its benchmarks.')
print('# Resolved on Python %d.%d; renew with: make constraints' % sys.version_info[:2])
print(*sorted('%s==%s' % pin for pin in pins.items() if pin[0] != 'stateflow'), sep='\n')
endef
export PIN
