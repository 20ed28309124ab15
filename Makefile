# Two commands matter: `make train` and `make test`. Each does all its own set-up in .venv, which
# needs Python 3.11 or newer and a package index. No environment has to be active; if one is, it is
# left alone. `make` alone explains the rest.

SHELL := /bin/sh
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
LONG_DATA := ../shared/data
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help train test lint types check long hours bench clean

# What other environments and settings of pip would change about ours.
unexport PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# An environment that was moved, or whose Python is gone, is made anew: its scripts know their place
# by its full name.
$(shell if [ -d $(VENV) ] && ! { [ "$$(cat $(VENV)/place 2>/dev/null)" = "$$(pwd -P)" ] \
	&& $(BIN)/python -c '' 2>/dev/null; }; then rm -f $(VENV)/made; fi)

help:
	@echo "make train    learn to read handwritten digits (MNIST where it can be had, else small ones)"
	@echo "              with other options: make train ARGS='--epochs 5 --seed 1'"
	@echo "make test     every test; some of them: make test ARGS='-k softmax'"
	@echo "make lint     style, with ruff"
	@echo "make types    types, with mypy"
	@echo "make check    lint, types and test"
	@echo "make long     the longer checks on real data (PELLUCID_DATA, else $(LONG_DATA))"
	@echo "make hours    the figures on real data that take hours: CIFAR-10, GAN, ResNet, Transformer"
	@echo "make bench    how fast it is beside PyTorch, JAX, scikit-learn and ONNX Runtime (minutes)"
	@echo "make clean    remove what make made: .venv and caches; runs/ stays"
	@echo
	@echo "train and test set themselves up in .venv; nothing has to be installed or activated."

train: $(VENV)/runtime
	@$(BIN)/pellucid train auto $(ARGS)

test: $(VENV)/dev
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

# One after the other, in this order, also under make -j.
check:
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory test

long: WHICH = not hours
hours: WHICH = hours
long hours: $(VENV)/dev
	@data="$${PELLUCID_DATA:-$(LONG_DATA)}"; \
	if [ ! -d tests_long ]; then echo "There are no longer checks (no folder tests_long)."; \
	elif [ ! -d "$$data" ]; then echo "No real data: set PELLUCID_DATA to the folder that has it."; \
	else PELLUCID_DATA="$$(cd "$$data" && pwd)" $(BIN)/python -m pytest tests_long -m "$(WHICH)" $(ARGS); fi

bench: $(BENCH)/made
	@$(BENCH)/bin/python benchmarks/run.py $(ARGS)

clean:
	rm -rf $(VENV) $(BENCH) build dist .mypy_cache .ruff_cache .pytest_cache src/*.egg-info
	find src tests examples scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The set-up, in three steps; a step that is done leaves a file behind and is not done again.

$(VENV)/made:
	@for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
		[ -n "$$python" ] || continue; \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		new=$$python; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
		found=$$python; break; \
	done; \
	if [ -z "$$found" ] && [ -n "$$new" ]; then \
		echo "Python ($$new) has no venv module. On Debian or Ubuntu: apt install python3-venv" >&2; \
		exit 1; \
	elif [ -z "$$found" ]; then \
		echo "Pellucid needs Python 3.11 or newer, and found none as python3, python3.14 ... 3.11." >&2; \
		echo "If it is elsewhere: make PYTHON=/path/to/python3.12 ..." >&2; \
		exit 1; \
	fi; \
	echo "Setting up .venv with $$("$$found" --version), once; this may take a minute or two."; \
	"$$found" -m venv --clear $(VENV)
	@pwd -P > $(VENV)/place
	@touch $@

$(VENV)/runtime: pyproject.toml $(VENV)/made
	@echo "Installing Pellucid and what it needs ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev: pyproject.toml $(VENV)/made
	@echo "Installing Pellucid and what its tests need ..."
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(VENV)/runtime $@

# One after the other, torch first at its version; what cannot be had is left out of the table.
$(BENCH)/made: pyproject.toml $(VENV)/made
	@echo "Installing Pellucid and what it is measured against; this may take some minutes ..."
	@$(BIN)/python -m venv --clear $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --editable '.[fast]' \
		|| $(BENCH)/bin/python -m pip install --quiet --editable .
	@for p in torch==2.13.0 jax scikit-learn onnx onnxruntime; do \
		$(BENCH)/bin/python -m pip install --quiet $$p || echo "not installed, left out: $$p"; done
	@touch $@
