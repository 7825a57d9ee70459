# Everything a person or CI does with this project. Needs git, make and Python >= 3.11 with venv; the rest is installed here.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
.DEFAULT_GOAL := help

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## build a 3-node nested cluster on a simulated host, show it live, tear it down (about a minute)
	@$(PY) -m deploy.local demo

up: $(VENV)/.runtime ## run the whole stack until Ctrl-C; addresses and a key go to .run/stack.env
	@$(PY) -m deploy.local up

LONG := tests/soak tests/e2e/test_many_nodes.py tests/e2e/test_dashboard_browser.py tests/integration/test_cli_page.py tests/e2e/test_quickstart_page.py

test: $(VENV)/.dev ## run the tests
	$(PY) -m pytest tests $(addprefix --ignore ,$(LONG) tests/contract) -n 3 --dist loadfile --no-loadscope-reorder

contract: $(VENV)/.dev ## play every scenario of the module's functions on a real PowerShell engine and on the sandbox (needs an engine)
	$(PY) -m pytest tests/contract -n 2 --dist loadfile

soak: $(VENV)/.dev ## run the long tests: 10,000 jobs through killed workers, 64 nodes, a job on a real engine, the dashboard in a browser, docs/cli.md and docs/quickstart.md
	$(PY) -m pytest $(LONG) -n 2 --dist loadfile

browser: $(VENV)/.browser ## run the tests of the dashboard in Chromium (`chromium` on PATH or MATRYOSHKA_CHROMIUM) and keep the pictures of its pages
	MATRYOSHKA_SCREENSHOTS=1 $(PY) -m pytest tests/e2e/test_dashboard_browser.py

unit: $(VENV)/.dev ## run the unit tests only (seconds)
	$(PY) -m pytest tests/unit tests/rules

check: $(VENV)/.dev ## static checks: lint, format, types, imports, openapi.yaml in step
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m service.api.openapi | diff -u openapi.yaml - >&2
	$(PY) -m service.api.openapi 3.0 | diff -u openapi-3.0.yaml - >&2

check-deploy: $(VENV)/.dev ## check what deploy/ holds with the field's own tools (needs Go and systemd; builds helm, some minutes)
	@$(PY) -m pip install -q --require-hashes -r requirements/deploy.txt
	$(PY) -m tests.deploy

openapi: $(VENV)/.runtime ## write openapi.yaml from the code
	$(PY) -m service.api.openapi > openapi.yaml.new && mv openapi.yaml.new openapi.yaml
	$(PY) -m service.api.openapi 3.0 > openapi.yaml.new && mv openapi.yaml.new openapi-3.0.yaml

lint-openapi: $(VENV)/.dev ## lint the OpenAPI documents and compare with the last release (what is there of npm, go)
	$(PY) -m tests.clients.linting

clients: $(VENV)/.dev ## generate clients in Python, TypeScript, Go and Java, and run them against a local stack
	$(PY) -m tests.clients

clients-curl clients-python clients-typescript clients-go clients-java: clients-%: $(VENV)/.dev
	$(PY) -m tests.clients $*

bench: $(VENV)/.dev ## measure ratios and write docs/bench.md (about a quarter of an hour)
	$(PY) -m tests.bench

lock: ## resolve the dependencies again and lock them with hashes (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/runtime.in -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/dev.in -o requirements/dev.txt
	cd tests/clients/python && uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/deploy.in -o requirements/deploy.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/browser.in -o requirements/browser.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/docs.in -o requirements/docs.txt

docs: $(VENV)/.docs ## build the documentation into build/docs (warnings are errors; works without a network)
	$(PY) -m sphinx -E -W --keep-going -n -q -b html docs build/docs
	@$(PY) -m docs.making.offline build/docs
	@echo "Read it: build/docs/index.html"

docs-pages: $(VENV)/.dev ## write the pages of docs/ that are made from the code, and their pictures
	$(PY) -m docs.making

clean: ## remove what was installed and what a run left here
	rm -rf $(VENV) .run build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing (locked, with hashes) ..."
	@$(PY) -m pip install -q --require-hashes -r requirements/runtime.txt
	@$(PY) -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need (locked, with hashes) ..."
	@$(PY) -m pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.browser: requirements/browser.txt $(VENV)/.dev
	@$(PY) -m pip install -q --require-hashes -r requirements/browser.txt
	@touch $@

$(VENV)/.docs: requirements/docs.txt | $(VENV)/bin/python
	@$(PY) -m pip install -q --require-hashes -r requirements/docs.txt
	@touch $@

.PHONY: help demo up test contract soak browser unit check check-deploy openapi lint-openapi clients bench docs docs-pages lock clean
.PHONY: clients-curl clients-python clients-typescript clients-go clients-java
