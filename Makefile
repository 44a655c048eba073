# Everything a developer needs, on a machine with Python 3.11 or newer, git and make. See README.md.
PYTHON ?= python3
PYTEST_WORKERS ?= 2
BIN := .venv/bin

.PHONY: help run test attacks bulk lint fmt bench chaos e2e lock clean local dev

help:  ## say what there is
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile

local:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) requirements/install.py local

dev:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) requirements/install.py dev

run: local  ## start everything and say where; Ctrl-C stops it, PORT moves it
	@exec $(BIN)/python manage.py run_local

test: dev  ## the whole suite on a real PostgreSQL and a real Valkey, with coverage
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m "not slow and not attack and not bulk and not chaos and not e2e" \
		--cov --cov-report=term $(ARGS)

attacks: dev  ## ask every address, form and service what no client should, and cut what carries us
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m "attack and not e2e and not chaos" $(ARGS)

bulk: dev  ## take in the real data sets whole, where they are at hand
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m bulk $(ARGS)

lint: dev  ## style, types, floors, migrations, production settings, scripts
	@BIN=$(BIN) sh .ci/lint

fmt: dev  ## put the code in shape
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: dev  ## measure against the bare engines; writes docs/benchmarks.md
	@$(BIN)/python manage.py bench $(ARGS)

chaos: dev  ## kill and cut what can be, and count what is lost
	@$(BIN)/python -m pytest -n 0 -m chaos $(ARGS)

e2e: dev  ## click through the pages in a real browser
	@$(BIN)/python -m pytest -n 0 -m e2e $(ARGS)

lock: dev  ## compile requirements/*.in into hashed lists
	@for name in base local production dev sbom; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean:  ## stop the engines and remove what can be made again, the local data included
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m tracker.embedded.stop; fi
	@if [ -h .venv ]; then rm .venv; else rm -rf .venv; fi
	@rm -rf var staticfiles htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
