# `make run` is all a stranger needs. Everything it makes lies in .venv, node_modules, static/vendor, staticfiles and .data.
PYTHON ?= python3
PY := .venv/bin/python
# What a new data folder begins with: a vendor with months of work, or one that has done nothing (DEMO=empty).
DEMO ?= lived-in
run tour bench test lint: export PORTAL_MODE := local
# Compiled tests are kept for the next run: compiling them takes each worker twenty seconds of a processor.
bench test: export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-dev run tour bench test lint format lock sbom audit clean
help:
	@echo "make run    start everything on this machine   make tour   walk the nine steps without a browser"
	@echo "            (DEMO=empty: a vendor that has done nothing)"
	@echo "make test   run the tests                      make lint   linters, types, layers, migrations, diagrams"
	@echo "make bench  measure (ARGS=\"-k pages\": a part)  make clean  remove everything that was made, data included"
	@echo "make sbom   sbom.cdx.json, the packages          make audit  their known vulnerabilities (needs a network)"

setup:
	@$(PYTHON) -m portal.local.bootstrap

setup-dev:
	@$(PYTHON) -m portal.local.bootstrap --dev

run: setup
	@exec $(PY) manage.py run --demo $(DEMO)

tour: setup
	@exec $(PY) manage.py tour

bench: setup-dev
	@exec $(PY) -m pytest -m benchmark -s -o faulthandler_timeout=0 tests/benchmarks tests/submissions/test_month.py $(ARGS)

# Arguments for pytest: make test ARGS="tests/portal -k env". Tests of whole portals wait a lot: three workers fill two cores.
test: setup-dev
	@exec $(PY) -m pytest -n 3 --dist worksteal $(ARGS)

lint: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djlint --lint --quiet templates
	.venv/bin/shellcheck .ci/run
	$(PY) -m mypy .
	$(PY) -c "from importlinter.cli import lint_imports_command as lint; lint()" --no-cache
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py state_diagrams --check

format: setup-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Needs uv; the locks name no index, so that every machine takes its own.
UV_LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"
lock:
	$(UV_LOCK) pyproject.toml -o requirements.lock
	$(UV_LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(UV_LOCK) --group node -o requirements-node.lock

# What the portal is made of, by CycloneDX: sbom.cdx.json. The image has it too.
sbom:
	@$(PYTHON) -m portal.local.sbom > sbom.cdx.json

# Known vulnerabilities of the packages in the locks. Needs a network that reaches the registries' lists of vulnerabilities.
NPM ?= npm
audit: setup-dev
	$(PY) -m pip_audit --requirement requirements.lock --no-deps --disable-pip
	$(NPM) audit --omit=dev

clean:
	@$(PYTHON) -m portal.local.embedded clean
	rm -rf .venv node_modules static/vendor staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} + ; find locale -name '*.mo' -delete 2>/dev/null || true
