# Needs Python 3.11 or newer, and make. Everything else is put into .venv by the targets that want it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
JOBS   ?= 2

.PHONY: help test check demo docs bench crash fuzz clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: check ## every check and every test
	@$(BIN)/python -m pytest -q -n $(JOBS)

check: $(READY) ## style and types only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

demo: $(READY) ## a season on the sandbox: workbooks, dubs, downloads
	@$(BIN)/runner apply manifests/quickstart/season.yaml --sandbox --auto-approve

docs: $(READY) ## the pages that are made from the program and its tests
	@$(BIN)/python -m runner.cli.reference > docs/commands.md
	@$(BIN)/python -m runner.cli.reference_pages docs/reference
	@$(BIN)/python tests/support/coverage_table.py > docs/coverage.md
	@$(BIN)/python tests/support/fault_table.py > .reliability.new && mv .reliability.new docs/reliability.md

bench: $(READY) ## speed and memory as ratios, beside their targets (BENCH='chains starting', BENCH_KEEP='what changed')
	@$(BIN)/python tests/bench/run.py $(BENCH) --out build/bench.json $(if $(BENCH_KEEP),--keep '$(BENCH_KEEP)')

crash: $(READY) ## kill -9 at every point of every kind of work, and at 1,000 random moments (CRASH_KILLS=1000)
	@CRASH_RANDOM=1 CRASH_KILLS=$${CRASH_KILLS:-1000} $(BIN)/python -m pytest -q -n $(JOBS) tests/crash

fuzz: $(READY) ## strange requests to the sandbox, others each time (FUZZ_EXAMPLES=100, FUZZ_SEED=…)
	@seed=$${FUZZ_SEED:-$$(date +%s)}; echo "FUZZ_SEED=$$seed" >&2; \
		FUZZ_SEED=$$seed FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-100} $(BIN)/python -m pytest -q -n $(JOBS) tests/fuzz

clean: ## remove the environment and what the demo left
	rm -rf $(VENV) manifests/*/.runner manifests/*/out manifests/*/published

# Installed again whenever pyproject.toml changes; a half-made environment is never taken for a whole one.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "runner needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1)." \
		"Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) …" >&2
	@rm -f $@
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
