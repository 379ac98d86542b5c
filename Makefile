# Every target may be repeated: what is already done is not done again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet --no-input
TESTS ?= tests
PYTEST_FLAGS ?= -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install demo test check format bench lock clean

help:
	@echo 'make demo     try it: a local Slack with the bot in it, at one URL (Ctrl-C stops it)'
	@echo 'make install  the run-time packages only, into .venv; then .venv/bin/muster --help'
	@echo 'make test     the whole suite (TESTS=tests/test_schedules.py for a part of it)'
	@echo 'make check    format, lint, types and import contracts'
	@echo 'make format   let ruff repair what it can'
	@echo 'make bench    the measurements, as a table and as JSON'
	@echo 'make lock     renew both locks (UPGRADE=--upgrade for newer versions)'
	@echo 'make clean    remove .venv and every cache'

install: $(VENV)/installed

demo: install
	@$(BIN)/muster demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(PYTEST_FLAGS) $(TESTS)

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-dev
	$(BIN)/python -m tests.bench

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Muster needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo 'not there')." >&2; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),install) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu this is the package python3-venv." >&2; exit 1; }

# The project itself is installed as a link to this folder, by the build backend from the lock: nothing unlocked is fetched.
define INSTALL
	@echo 'Installing $(1) into $(VENV) ...'
	@$(PIP) install --require-hashes -r $(1)
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
endef

$(VENV)/installed: $(BIN)/python requirements.lock pyproject.toml
	$(call INSTALL,requirements.lock)
	@touch $@

# The lock for work holds the one for run time (a test says so), hence both stamps.
$(VENV)/installed-dev: $(BIN)/python requirements-dev.lock pyproject.toml
	$(call INSTALL,requirements-dev.lock)
	@touch $(VENV)/installed $@

COMPILE = .cache/uv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet \
  --generate-hashes --no-emit-index-url --no-annotate --no-header $(UPGRADE)

lock: .cache/uv/bin/uv
	$(COMPILE) --group dev -o requirements-dev.lock
	$(COMPILE) --group build -c requirements-dev.lock -o requirements.lock

.cache/uv/bin/uv:
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/pip --disable-pip-version-check --quiet install uv

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
