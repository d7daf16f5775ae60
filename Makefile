# make        the main job: generate and prove every kernel and page, then train a real network with each optimizer
# make test   ruff, pyright and pytest
# make docs   the book: a PDF where latexmk is installed, else its LaTeX
# make pages  docs/errata.md from the claims in specs/errata, and the figure docs/family.svg
# make bench  the kernels against the peers that are installed
# make clean  remove .venv and all results

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint types tests docs pages bench clean

run: .venv/examples.installed
	$(BIN)/symopt generate
	$(BIN)/symopt check
	$(BIN)/python examples/digits.py
	@echo "symopt: wrote every kernel and page to generated/, and trained a network with each optimizer: build/digits.png"

test: lint types tests
	@echo "symopt: ruff, pyright and pytest found nothing wrong"

lint: .venv/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test.installed
	$(BIN)/pyright --pythonpath $(BIN)/python

tests: .venv/test.installed
	$(BIN)/pytest -n logical

docs: .venv/docs.installed
	$(BIN)/symopt generate --target latex
	$(if $(shell command -v latexmk),latexmk -cd -pdf -interaction=nonstopmode -halt-on-error -outdir=$(CURDIR)/build generated/latex/book.tex,@echo "symopt: install latexmk for a PDF; the book's LaTeX is in generated/latex")

pages: .venv/docs.installed
	$(BIN)/python -m symopt.errata > docs/errata.md
	$(BIN)/symopt family --out docs/family.svg

bench: .venv/examples.installed
	$(BIN)/python benchmarks/step.py

clean:
	rm -rf .venv build dist .hypothesis .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	@echo "symopt: only the checkout is left"

# One stamp per extra, so that a change of the dependencies reaches an environment that exists.
.venv/%.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --editable '.[$*]'
	@touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv
