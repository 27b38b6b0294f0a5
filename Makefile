# Any Python from 3.8 on; it sets up .venv, which has one of its own.
PYTHON3 := python3
PYTHON := .venv/bin/python

# Chapters are compared word for word: no progress bars among their outputs.
export TQDM_DISABLE := 1

.PHONY: help environment lab dashboards test test-browser test-machines test-row mutants measure refresh lint \
  sweep bench doctor lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Looks every time, which takes half a second, and mends what it finds missing.
dashboards: EXTRAS := dashboards
test-browser: EXTRAS := browser dashboards
bench: EXTRAS := browser
environment: ## make .venv, or mend it
	@$(PYTHON3) tools/set_up.py $(addprefix --extra ,test $(EXTRAS))

lab: environment ## open the course in JupyterLab
	@env -u TQDM_DISABLE $(PYTHON) -m d2l_extras_doctor lab $(OPTIONS)

dashboards: environment ## serve each lab alone on a page, for class
	@$(PYTHON) -m d2l_extras_doctor dashboards

test: lint ## run every check
	$(PYTHON) -m pytest --quiet -n auto

test-browser: environment ## try the chapters in JupyterLab with a real browser (Chromium)
	$(PYTHON) -m pytest tests/browser -n auto -o addopts= -p no:nbval -rs --durations=5

test-machines: environment ## run the chapters as other processors would, and on other versions
	$(PYTHON) -m pytest tests/remedies --quiet -n auto -o addopts= -p no:nbval
	$(PYTHON) -m tests.machines $(SETTINGS)

test-row: environment ## run two chapters and the unit tests on the oldest versions
	$(PYTHON) -m tests.machines --short pins

mutants: EXTRAS := mutants
mutants: environment ## break the package in one place at a time, and list what no test noticed
	$(PYTHON) tools/mutants.py $(OPTIONS)

measure: environment ## measure what chapters take, for the table in the README
	$(PYTHON) -m d2l_extras_doctor measure --write README.md

refresh: environment ## run all chapters and store their outputs
	$(PYTHON) -m d2l_extras_doctor refresh

lint: environment ## check the style of the code
	.venv/bin/ruff check --no-cache .
	.venv/bin/ruff format --no-cache --check .

sweep: environment ## list the experiments whose results are recorded
	@$(PYTHON) -m d2l_extras_doctor sweep

bench: environment ## measure speeds side by side
	$(PYTHON) -m pytest benchmarks -o addopts= -p no:nbval --benchmark-columns=median,min,max,rounds

doctor: environment ## check this environment
	@$(PYTHON) -m d2l_extras_doctor doctor

lock: ## write the lock files anew from pyproject.toml
	uv=$$($(PYTHON3) tools/set_up.py --which-uv) && $$uv lock && \
	$$uv export --quiet --frozen --no-emit-project --no-header --no-annotate -o requirements.lock && \
	printf 'ipython<9\n' | $$uv pip compile --quiet --no-config --universal --python-version 3.11 \
	  --all-extras pyproject.toml --constraint /dev/stdin --no-header --no-annotate -o environment.lock && \
	printf 'numpy==1.26.4\n' | $$uv pip compile --quiet --no-config --python-version 3.12 \
	  --python-platform x86_64-unknown-linux-gnu --extra test pyproject.toml --constraint /dev/stdin \
	  --no-header --no-annotate -o tests/rows/numpy-1.26.txt
	awk '/^[a-z]/ {wanted = /^(executing|mxnet)==/} wanted' requirements.lock > colab.lock
