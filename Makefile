# Every target does what it needs first; nothing has to be installed but Python 3.11 or newer and a C compiler.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Whole files at a time, so that what a file sets up is set up once; each worker has servers of its own.
WORKERS ?= -n 2 --dist loadfile --no-loadscope-reorder
CHECKS := "ruff check ." "ruff format --check ." mypy lint-imports "python -m scripts.check_repository" "python -m scripts.publish_api --check" "python -m scripts.check_deployment" "python -m scripts.audit_dependencies" "banyan rules check"
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml

.PHONY: help setup setup-dev demo test nightly torture chaos check bench serve up down compose-test format lock clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS passes arguments on:  make test ARGS='tests/unit -k quiet'   make demo ARGS='--subscribers 2000'"

setup: $(VENV)/.installed ## Install Banyan into .venv (console command .venv/bin/banyan)

setup-dev: $(VENV)/.installed-dev ## Install what tests and checks need, too

demo: setup ## Run a province's campaigns on this machine, no server needed; writes var/demo/report.html
	@$(BIN)/banyan demo $(ARGS)

test: setup-dev ## Run all tests (ARGS: pytest's arguments); starts private RabbitMQ and PostgreSQL
	@$(BIN)/python -m pytest $(WORKERS) $(ARGS)

nightly: setup-dev ## Judge 100,000 generated pairs of condition and subscriber on every executor (ARGS='--pairs 20000')
	@$(BIN)/python -m tests.nightly $(ARGS)

torture: setup-dev ## Kill, restart and overrun governance, then recount every window (REQUESTS=50000, NAIVE=1, ARGS='--seed 7')
	@$(BIN)/python -m tests.torture $(if $(REQUESTS),--requests $(REQUESTS)) $(if $(filter-out 0,$(NAIVE)),--naive) $(ARGS)

chaos: setup-dev ## Deal every fault to a private deployment: malformed messages, kills, losses of broker and database (SEED=1, ARGS)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(ARGS)

check: setup-dev ## Run linters, types, import contracts, API documents, deployment files, dependency audit and the rules' own checks
	@failed=""; \
	for step in $(CHECKS); do \
	    echo "· $$step"; $(BIN)/$$step || failed="$$failed [$$step]"; \
	done; \
	if [ -n "$$failed" ]; then echo "make check: failed:$$failed"; exit 1; fi; \
	echo "make check: all passed"

bench: setup-dev ## Measure throughput and memory as ratios on private servers (ARGS='bus feeds': these parts alone)
	@$(BIN)/python -m tests.bench $(ARGS)

serve: setup-dev ## Try the distributed form here: private servers and all services, until Ctrl-C
	@$(BIN)/python -m scripts.serve_locally $(ARGS)

up: ## Start Banyan on this machine with Docker: .env with secrets, image, services (ARGS='--profile observability')
	@scripts/up $(ARGS)

down: ## Stop what `make up` started; data stays (ARGS='--volumes' deletes them, too)
	@docker compose --profile '*' down --remove-orphans $(ARGS)

compose-test: setup-dev ## Try docker-compose.yml under a private Docker engine and lose each container in turn (Linux, root)
	@$(BIN)/python -m tests.compose $(ARGS)

format: setup-dev ## Format the code and repair what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Pin the dependencies again after a change of pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -o requirements-dev.lock

clean: ## Remove the environment, caches and everything made under var/
	rm -rf $(VENV) var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@scripts/make_venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing Banyan into $(VENV) …"
	@scripts/install $(BIN)/python requirements.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing what tests and checks need …"
	@scripts/install $(BIN)/python requirements-dev.lock
	@touch $@
