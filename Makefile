# Two commands: `make demo` runs the main job on a bundled incident, `make test` passes all checks and tests.
# Both make their own environment in .venv; a fresh Debian machine needs python3, python3-venv and make.

PYTHON ?= python3
PYTEST_ARGS ?= -n auto
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test checks golden docs picture clean

demo: $(VENV)/installed
	@$(BIN)/snowpit demo; status=$$?; [ $$status -le 1 ]

test: checks
	$(BIN)/pytest $(PYTEST_ARGS)

checks: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/codespell src docs tests benchmarks README.md CHANGELOG.md CONTRIBUTING.md

golden: $(VENV)/installed-test
	$(BIN)/pytest --update-golden tests/golden

docs: $(VENV)/installed-test
	$(BIN)/python docs/generate.py

picture: $(VENV)/installed-test
	$(BIN)/python docs/picture.py

clean:
	rm -rf $(VENV) build src/*.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/installed-test: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]'
	$(BIN)/python -m compileall -q src
	@touch $@ $(VENV)/installed
