# The two commands a newcomer needs: make demo, make test. `make` alone lists the rest.
PYTHON ?= python3
BIN := .venv/bin
# Python compiles what is imported, and keeps it even where the environment says not to: the tests start many processes, and each
# would compile all of it anew.
# Compiling all that is installed would take longer than many a test.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo app test lint wheel chromium strace clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/installed ## install evalkit into .venv and take the tour in the terminal
	$(BIN)/evalkit demo --no-app
	@echo "Now open the app: make app"

app: .venv/installed ## open the app in the browser
	$(BIN)/evalkit app

test: lint chromium strace ## install what the tests need, check style, types and layers, and run every test with coverage
	rm -f .coverage .coverage.*
	OMP_NUM_THREADS=1 $(BIN)/coverage run -m pytest -n 2 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/installed-dev ## check style, types and layers
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: .venv/installed-dev ## build the wheel, install it into an empty environment elsewhere, and take the tour there
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist . > /dev/null
	folder=$$(mktemp -d) && $(PYTHON) -m venv $$folder/env \
	&& $$folder/env/bin/python -m pip --disable-pip-version-check --quiet install --no-compile -c constraints.txt dist/*.whl \
	&& cd $$folder && env/bin/evalkit demo --no-app --out tour; status=$$?; rm -rf "$$folder"; exit $$status

# A browser for the tests: one that is there, else the system's package manager, else the browser tool's own download.
chromium: .venv/installed-dev
	@[ -n "$$EVALKIT_CHROMIUM" ] || command -v chromium chromium-browser google-chrome > /dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get update -qq && apt-get install -y -qq chromium > /dev/null; } \
	|| $(BIN)/playwright install chromium

# What shows that a vote is on the disk before it is acknowledged.
strace:
	@command -v strace > /dev/null || [ "$$(uname)" != Linux ] \
	|| { apt-get update -qq && apt-get install -y -qq strace > /dev/null; }

.venv/installed: pyproject.toml constraints.txt
	[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(PIP) install --no-compile -c constraints.txt -e ".[app]"
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) install --no-compile -c constraints.txt -e ".[dev]"
	touch $@

clean: ## remove what was built
	rm -rf .venv dist build demo .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
