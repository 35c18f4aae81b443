# Carefold: `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PACKAGES := app retrieval safety training weights
# Anything: `make bench-pii` checks itself in minutes and writes nothing.
QUICK ?=
# How many texts `make fuzz-scrub` makes.
N ?= 100000
# Where torch comes from, when not from the index that pip is set up for (see README.md).
TORCH_INDEX ?=
SDK ?= docker
RUN_READY := $(VENV)/.ready-run
DEV_READY := $(VENV)/.ready-dev
PREPARED := $(VENV)/.ready-weights
CHROMIUM ?= $(shell command -v chromium || echo /usr/bin/chromium)
BENCH_READY := .venv-bench/.ready

.PHONY: help setup run test postgresql test-gpu check lint types quick-tests bench bench-decode bench-retrieval bench-scrub bench-pii bench-crisis bench-screen bench-safety bench-attacks fuzz-scrub bench-ask \
  bench-answers bench-support bench-two bench-foreign bench-sample bench-real bench-start bench-load bench-page bench-training bench-gpu screens image-test space lock audit secrets clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: no $(PYTHON) found. Install Python 3.11 or newer, or name one: make setup PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old, Python 3.11 or newer is needed. Name one: make setup PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) has no venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "[1/3] making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements.txt requirements-serve.txt constraints.txt | $(VENV)/bin/python
	@echo "[2/3] installing the dependencies (1 GB or more on disk)"
	@test -z "$(TORCH_INDEX)" || $(PIP) install --quiet --progress-bar on --no-deps --index-url "$(TORCH_INDEX)" "$$(grep -m1 '^torch==' requirements-serve.txt)" || { echo "error: there is no torch at TORCH_INDEX=$(TORCH_INDEX). Check the address, or leave it out" >&2; exit 1; }
	@$(PIP) install --quiet --progress-bar on -r requirements.txt -c constraints.txt || { echo "error: pip could not install the dependencies. Check the network, or point pip at your mirror with PIP_INDEX_URL, then run make setup again" >&2; exit 1; }
	@touch $@

$(DEV_READY): requirements-dev.txt $(RUN_READY)
	@echo "installing the development tools"
	@$(PIP) install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

$(BENCH_READY): requirements-bench.txt
	@$(PYTHON) -m venv .venv-bench
	@echo "building the peer of the benchmark, llama.cpp (minutes)"
	@.venv-bench/bin/python -m pip --disable-pip-version-check install --quiet -r requirements-bench.txt
	@touch $@

$(PREPARED): $(RUN_READY) $(wildcard retrieval/samples/faq/*.jsonl)
	@echo "[3/3] fetching the default weights and building the sample index"
	@$(BIN)/python -m app prepare
	@touch $@

setup: $(PREPARED) ## virtual environment, dependencies, default weights, sample index

run: setup ## the page, at http://127.0.0.1:7860
	@$(BIN)/python -m app serve

# Compiled tests are kept also where the environment says otherwise: each worker would compile them all, each time.
check test: export PYTHONDONTWRITEBYTECODE =
check: $(DEV_READY) lint ## lint, types and the quick tests that need no weights (under 2 minutes)
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target types quick-tests

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_READY)
	$(BIN)/mypy

quick-tests: $(DEV_READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not weights and not gpu and not slow"

# The store's tests run on PostgreSQL too where there is one; root gets it, others are told by the skip.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null \
	  || { echo "installing postgresql, which the tests of the store run on"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; } \
	  || echo "postgresql could not be installed: its tests are skipped"

$(CHROMIUM):
	@echo "installing chromium, which the tests of the page drive"
	@test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "error: no browser at $(CHROMIUM). Install chromium, or name one: make test CHROMIUM=/path/to/chromium" >&2; exit 2; }
	@apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null

test: postgresql check $(CHROMIUM) ## everything: check, then the tests with real weights and a real browser
	$(BIN)/python -m app prepare
	CHROMIUM=$(CHROMIUM) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations 25 -m "(weights or slow) and not gpu" --ignore tests/browser
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -q -m "(weights or slow) and not gpu" tests/browser

test-gpu: $(DEV_READY) ## what only a CUDA device can show
	$(BIN)/python -m app prepare
	$(BIN)/python -m pytest -q -m gpu

screens: $(DEV_READY) $(CHROMIUM) ## pictures of the page in each state, into docs/screens
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m tests.browser.take_screens --out docs/screens

bench: bench-start bench-answers bench-decode bench-retrieval bench-scrub bench-screen ## all targets, each against its peer

bench-start: setup ## cold start of `ask`
	$(BIN)/python -m benchmarks.start --out benchmarks/results/start.json

bench-answers: setup ## answer times by kind, and what each confidence threshold holds
	$(BIN)/python -m benchmarks.answers --out benchmarks/results/answers.json

bench-decode: setup $(BENCH_READY) ## tokens per second against plain generate and llama.cpp
	$(BIN)/python -m benchmarks.decode --llama-python .venv-bench/bin/python --out benchmarks/results/decode.json

bench-retrieval: $(DEV_READY) setup ## the search against its peers: order, confidence, speed (an hour); QUICK=1: a check (minutes)
	$(BIN)/python -m benchmarks.retrieval $(if $(QUICK),--quick,--out benchmarks/results/retrieval.json --page benchmarks/results/retrieval.html)

bench-two: setup ## two questions in one message, and long messages of one
	$(BIN)/python -m benchmarks.two_questions --out benchmarks/results/two_questions.json

bench-foreign: setup ## the whole path on a clinic's FAQ that nothing was built on
	$(BIN)/python -m benchmarks.foreign_faq --out benchmarks/results/foreign_faq.json

bench-sample: setup ## the whole path on the sample FAQ, with questions that patients ask it (minutes)
	$(BIN)/python -m benchmarks.sample_faq --out benchmarks/results/sample_faq.json

bench-scrub: setup ## personal data found and missed, against stock Presidio
	$(BIN)/python -m benchmarks.scrub --out benchmarks/results/scrub.json

bench-pii: $(DEV_READY) setup ## personal data in full against stock Presidio (hours, with memory and hostile texts); QUICK=1: a check (minutes)
	$(BIN)/python -m benchmarks.pii $(if $(QUICK),--quick,--out benchmarks/results/pii.json --page benchmarks/results/pii.html)

fuzz-scrub: $(DEV_READY) setup ## hostile texts through the scrubber, N of them (100,000: an hour); none may break it
	$(BIN)/python -m benchmarks.pii --only fuzz --fuzz $(N) --strict

bench-crisis: setup ## crisis gate on the frozen set, by level and author, rules and classifier apart
	$(BIN)/python -m benchmarks.crisis --out benchmarks/results/crisis.json

bench-screen: setup ## sensitivity and specificity of the crisis gate and the screen
	$(BIN)/python -m benchmarks.screen --out benchmarks/results/screen.json

bench-safety: $(DEV_READY) setup ## one table of all that is measured of safety, base and tuned (minutes)
	$(BIN)/python -m benchmarks.safety --out benchmarks/results/safety.json --page benchmarks/results/safety.html

bench-support: setup ## sentences that passages bear out against the same with one swap (ten minutes), and supporting talk
	$(BIN)/python -m benchmarks.support --out benchmarks/results/support.json

bench-ask: setup ## what a model's sentences say that `ask` shows, and what they cite, over 2,000 questions (an hour)
	$(BIN)/python -m benchmarks.support --each 0 --through-ask 2000 --out benchmarks/results/support.json

bench-attacks: setup ## attacks on messages, FAQ entries and training rows, on frozen sets (half an hour)
	$(BIN)/python -m benchmarks.attacks --out benchmarks/results/attacks.json

bench-load: setup ## many people at once, over HTTP (twenty minutes)
	$(BIN)/python -m benchmarks.load --out benchmarks/results/load.json

bench-training: $(DEV_READY) setup ## training speed against a plain TRL script (15 minutes)
	$(BIN)/python -m benchmarks.training_speed --out benchmarks/results/training_speed.json

bench-gpu: $(DEV_READY) setup ## QLoRA of a Llama-3.2-1B shape against the same script, on a CUDA device (minutes)
	$(BIN)/python -m benchmarks.training_speed --shape llama-3.2-1b --out benchmarks/results/training_gpu.json

bench-page: ## from nothing to the page, and from the second start
	$(PYTHON) benchmarks/page.py --out benchmarks/results/page.json

bench-real: setup ## real questions through `ask --batch` on two indexes (ten minutes)
	$(BIN)/python -m benchmarks.real --out benchmarks/results/real.json

# torch from PyPI needs these on Linux; PyTorch's CPU build does not.
CUDA := cuda-bindings cuda-toolkit nvidia-cudnn-cu13 nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvshmem-cu13 triton
LOCK := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" --default-index https://pypi.org/simple

lock: $(DEV_READY) ## write both locks anew from requirements-serve.txt and constraints.txt (needs PyPI)
	$(LOCK) -c constraints.txt -o requirements-gpu.lock requirements-serve.txt >/dev/null
	{ cat requirements-torch-cpu.txt; $(LOCK) -c requirements-gpu.lock --no-emit-package torch \
	  --excludes <(printf '%s\n' $(CUDA)) requirements-serve.txt; } >requirements-cpu.lock.new
	mv requirements-cpu.lock.new requirements-cpu.lock

audit: $(DEV_READY) ## known vulnerabilities in what the locks hold (needs PyPI's vulnerability data)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements-cpu.lock
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements-gpu.lock

secrets: $(DEV_READY) ## look for passwords and keys in the tree anew, then go through what is new by hand
	$(BIN)/detect-secrets scan --no-verify --baseline .secrets.baseline
	$(BIN)/detect-secrets audit .secrets.baseline

image-test: ## build the image and start it, without a Docker engine (root; 20 minutes, 10 GB)
	$(PYTHON) deploy/image_test.py

space: ## write the folder to push to a Space: make space SDK=docker, or SDK=gradio
	$(PYTHON) deploy/space.py --sdk $(SDK) --torch-index "$(TORCH_INDEX)"

clean: ## remove what was installed and built
	rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis
