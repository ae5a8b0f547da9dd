# `make up` and `make test` do all the set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PINS := constraints.txt stack/constraints.txt
INSTALL = $(BIN)/python -m pip install -q $(if $(PINS),-c constraints.txt)
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: up down test unit e2e check newest format engine images bench protos clean help

help: ## list the targets
	@grep -E '^[a-z0-9%-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

up: $(STAMP) engine images ## bring the bundled stack up
	$(BIN)/meshctl up --build

down: $(STAMP) ## remove the stack; data stays (meshctl down -v removes it)
	$(BIN)/meshctl down

test: $(DEV_STAMP) engine images ## every test, on the real engine
	$(BIN)/pytest

unit: $(DEV_STAMP) ## the tests that need no engine
	$(BIN)/pytest -m "not docker and not e2e"

unit-%: $(STAMP) engine ## the same on another Python, in a container: make unit-3.13
	PYTHON=$(BIN)/python scripts/on-python $* pytest -m "not docker and not e2e"

app-%: $(STAMP) engine images ## the app in a terminal on that Python, on the bundled stack: make app-3.13
	PYTHON=$(BIN)/python scripts/on-python $* pytest tests/e2e/test_app.py

e2e: $(DEV_STAMP) engine images ## the bundled stack, end to end
	$(BIN)/pytest -m e2e

check: $(DEV_STAMP) ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

newest: ## the tests with the newest versions that the bounds allow; those of the app are for its pinned pictures
	rm -rf $(VENV)-newest
	$(MAKE) VENV=$(VENV)-newest PINS= $(VENV)-newest/.installed-dev
	-$(VENV)-newest/bin/python scripts/constraints
	$(VENV)-newest/bin/pytest -m "not docker and not e2e" --ignore=tests/tui

format: $(DEV_STAMP) ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

engine: ## make sure that a container engine answers
	@scripts/engine

images: $(STAMP) ## choose where base images come from
	@PYTHON=$(BIN)/python scripts/images

bench: $(DEV_STAMP) ## measure; the stack must be up
	$(BIN)/python -m bench

$(STAMP): pyproject.toml $(PINS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -e .
	@touch $@

$(DEV_STAMP): $(STAMP) stack/requirements.txt stack/meshkit/pyproject.toml
	$(INSTALL) -e '.[dev]' -e stack/meshkit -r stack/requirements.txt
	@touch $@

clean: ## remove what make made here
	rm -rf $(VENV) $(VENV)-* .mypy_cache .ruff_cache .pytest_cache
