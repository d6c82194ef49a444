.PHONY: install demo check test unit bench bench-peers fuzz clean
VENV := .venv
BIN := $(VENV)/bin

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: install
	$(BIN)/solon demo

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/house

test: install
	$(BIN)/pytest -n 2

unit: install
	$(BIN)/pytest -n 2 -m 'not slow'

bench: install
	$(BIN)/python bench/client.py
	$(BIN)/python bench/prefill.py
	$(BIN)/python bench/batching.py
	$(BIN)/python bench/grpo.py

bench-peers: install
	$(BIN)/python -m bench.peers

fuzz: install
	$(BIN)/python -m tests.fuzz_reader --texts 1000000 --seed 0 --processes 2

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
