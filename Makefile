# uv where it is on the PATH, else one that this folder gets for itself.
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
PYTHON := .venv/bin/python

# Chapters are compared word for word: no progress bars among their outputs.
export TQDM_DISABLE := 1

.PHONY: help lab dashboards test test-browser test-machines test-row measure refresh lint sweep bench doctor lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: .venv/.synced ## open the course in JupyterLab
	@env -u TQDM_DISABLE $(PYTHON) -m d2l_extras_doctor lab $(OPTIONS)

dashboards: .venv/.synced ## serve each lab alone on a page, for class
	$(UV) sync --quiet --frozen --inexact --python 3.13 --extra test --extra dashboards
	@$(PYTHON) -m d2l_extras_doctor dashboards

test: lint ## run every check
	$(PYTHON) -m pytest --quiet -n auto

test-browser: .venv/.synced ## try the chapters in JupyterLab with a real browser (Chromium)
	$(UV) sync --quiet --frozen --inexact --python 3.13 --extra test --extra browser --extra dashboards
	$(PYTHON) -m pytest tests/browser -n auto -o addopts= -p no:nbval -rs --durations=5

test-machines: .venv/.synced ## run the chapters as other processors would, and on other versions
	$(PYTHON) -m tests.machines

test-row: .venv/.synced ## run two chapters and the unit tests on the oldest versions
	$(PYTHON) -m tests.machines --short pins

measure: .venv/.synced ## measure what chapters take, for the table in the README
	$(PYTHON) -m d2l_extras_doctor measure --write README.md

refresh: .venv/.synced ## run all chapters and store their outputs
	$(PYTHON) -m d2l_extras_doctor refresh

lint: .venv/.synced ## check the style of the code
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

sweep: .venv/.synced ## list the experiments whose results are recorded
	@$(PYTHON) -m d2l_extras_doctor sweep

bench: .venv/.synced ## measure speeds side by side
	$(UV) sync --quiet --frozen --inexact --python 3.13 --extra test --extra browser
	$(PYTHON) -m pytest benchmarks -o addopts= -p no:nbval --benchmark-columns=median,min,max,rounds

doctor: .venv/.synced ## check this environment
	@$(PYTHON) -m d2l_extras_doctor doctor

lock: $(UV) ## write the lock files anew from pyproject.toml
	mkdir -p build
	$(UV) lock
	$(UV) export --quiet --frozen --no-emit-project --no-header --no-annotate -o requirements.lock
	printf 'ipython<9\n' | $(UV) pip compile --quiet --no-config --universal --python-version 3.11 \
	  --all-extras pyproject.toml --constraint /dev/stdin --no-header --no-annotate -o environment.lock
	awk '/^[a-z]/ {wanted = /^(d2l|executing|mxnet)==/} wanted' requirements.lock > colab.lock
	printf "d2l; sys_platform == 'never'\n" > build/no-d2l.txt
	printf 'numpy==1.26.4\n' | $(UV) pip compile --quiet --no-config --python-version 3.12 \
	  --python-platform x86_64-unknown-linux-gnu --extra test pyproject.toml --constraint /dev/stdin \
	  --override build/no-d2l.txt --no-header --no-annotate -o tests/rows/numpy-1.26.txt
	printf 'd2l==1.0.3\n' >> tests/rows/numpy-1.26.txt

.venv/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) sync --quiet --frozen --python 3.13 --extra test
	@touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv
