# Every target but help and clean sets up .venv first, once: see docs/install.md for Windows and conda.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# nbgrader calls alembic by name, JupyterLab its own parts. Only .venv itself is made by the Python outside it.
OUTER_PATH := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The course that is meant, any folder that `python -m grading new-course` has written; this repository, if not named.
COURSE ?= .

.DEFAULT_GOAL := help
.PHONY: help lab demo test test-slow test-nbgrader course exercise check-exercise messages hidden grade report gradescope handout release-check reproduce site runners bench bench-grading lint format constraints clean

help: ## List the targets (what `make` alone does)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

define CHECK_PYTHON
import os, sys
found = "%d.%d.%d (%s)" % (sys.version_info[:3] + (sys.executable,))
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("This project needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is " + found + ".\n"
             "Install one of them and name it, for example: make lab PYTHON=python3.12")
try:
    import ensurepip, venv
except ImportError:
    sys.exit("Python " + found + " cannot make virtual environments: venv or ensurepip is missing.\n"
             "On Debian and Ubuntu: sudo apt install python%d.%d-venv" % sys.version_info[:2])
endef
export CHECK_PYTHON

# The stamp comes last, so an interrupted set-up is resumed; a half-made .venv without pip is made again.
$(READY): export PATH := $(OUTER_PATH)
$(READY): pyproject.toml constraints.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here." \
	    "Install Python 3.11, 3.12 or 3.13, or name one: make lab PYTHON=python3.12" >&2; exit 1; }; \
	  "$(PYTHON)" -c "$$CHECK_PYTHON" && echo "Making .venv with $$("$(PYTHON)" --version)" && \
	  "$(PYTHON)" -m venv --clear .venv; }
	@echo "Installing the pinned packages into .venv; the first time takes some minutes"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

# Without a display, in a container or as root, JupyterLab prints its address instead of opening a browser.
lab: $(READY) ## Open JupyterLab on work/, your own copy of the notebooks (EDITION=vi: in Vietnamese)
	@cd "$(COURSE)" && test -e notebooks/$(EDITION) || { echo "There is no notebooks/$(EDITION): its folders are the editions." >&2; exit 2; }
	@mkdir -p "$(COURSE)/work/$(EDITION)"
	@cd "$(COURSE)" && for notebook in notebooks/$(EDITION:%=%/)*.ipynb; do \
	  copy="work/$${notebook#notebooks/}"; \
	  if [ -e "$$copy" ]; then echo "Kept $$copy"; else cp "$$notebook" "$$copy" && echo "Copied $$copy"; fi || exit; \
	done
	@flags=; \
	if [ "$$(id -u)" = 0 ]; then flags="--allow-root --no-browser"; \
	elif [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then flags=--no-browser; \
	elif [ "$$(uname)" != Darwin ] && [ -z "$${DISPLAY}$${WAYLAND_DISPLAY}" ]; then flags=--no-browser; fi; \
	case $$flags in *--no-browser) echo "Open the address that ends in ?token=... below; Ctrl+C twice stops.";; esac; \
	exec $(BIN)/python -m jupyterlab $$flags $(LAB_FLAGS) "$(COURSE)/work"

demo: $(READY) ## Grade a handful of made-up submissions and print their marks
	$(BIN)/python -m grading demo --course "$(COURSE)"

# Two files of tests side by side, in the order of their names; the tests of a file share what was expensive to make.
WORKERS := $(BIN)/python -m pytest -n 2
PYTEST := $(WORKERS) --dist loadfile --no-loadscope-reorder

ifeq ($(COURSE),.)
test: lint ## Run every quick check: style, drift, tests, stored outputs
	$(BIN)/python source/build.py --check
	$(PYTEST) -m "not slow" tests
	$(PYTEST) --nbval solutions/
else
test: $(READY)
	$(BIN)/python -m grading.authoring.build --root "$(COURSE)" --check
	$(PYTEST) --nbval "$(COURSE)/solutions"
endif

test-slow: $(READY) ## Run the tests that take minutes
	$(WORKERS) --dist loadgroup -m slow tests  # as tests/conftest.py says, the largest first

test-nbgrader: $(READY) ## Run nbgrader's own tests of its commands with this grader: half an hour
	$(BIN)/python -m tests.peers.nbgrader_apps $(ARGS)

course: $(READY) ## Draw the cases, build the notebooks and solutions from source/
	$(BIN)/python -m grading.authoring.build --root "$(COURSE)"

exercise: $(READY) ## Begin an exercise with an example: make exercise NAME=... ASSIGNMENT=... (AFTER=...: below that one)
	@test -n "$(NAME)" || { echo "Name what students write: make exercise NAME=spread_of ASSIGNMENT=iterated_softmax" >&2; exit 2; }
	$(BIN)/python -m grading exercise "$(NAME)" --course "$(COURSE)" $(if $(ASSIGNMENT),--assignment "$(ASSIGNMENT)") $(if $(AFTER),--after "$(AFTER)")

check-exercise: $(READY) ## Judge an exercise's right and wrong answers: make check-exercise NAME=...
	@test -n "$(NAME)$(ASSIGNMENT)" || { echo "Name an exercise, or an assignment: make check-exercise NAME=softmax_t" >&2; exit 2; }
	$(BIN)/python -m grading check-exercise $(NAME) --course "$(COURSE)" $(if $(ASSIGNMENT),--assignment "$(ASSIGNMENT)")

messages: $(READY) ## Bring the translations' catalogues up to date with the texts (CHECK=1: list what a release lacks)
	$(BIN)/python -m grading.authoring.messages --root "$(COURSE)" $(if $(CHECK),--check) $(LANGUAGES)

hidden: $(READY) ## Draw a private set of hidden cases: make hidden SEED=... (later, without: anew from the kept seed)
	$(BIN)/python -m grading hidden $(if $(SEED),--seed "$(SEED)") --course "$(COURSE)"

grade: $(READY) ## Grade a class: make grade FROM=submissions.zip ASSIGNMENT=iterated_softmax
	@test -n "$(ASSIGNMENT)" || { echo "Name the assignment: make grade FROM=submissions.zip ASSIGNMENT=iterated_softmax" >&2; exit 2; }
	@$(BIN)/python -m grading grade $(if $(FROM),"$(FROM)") --course "$(COURSE)" --assignment "$(ASSIGNMENT)" $(ARGS) || \
	  { code=$$?; test $$code = 1 && echo "Look at the lines above: they say who has no mark, or what is to be looked at." || exit $$code; }

report: $(READY) ## Write what a class has done: make report ASSIGNMENT=iterated_softmax
	@test -n "$(ASSIGNMENT)" || { echo "Name the assignment: make report ASSIGNMENT=iterated_softmax" >&2; exit 2; }
	$(BIN)/python -m grading report --course "$(COURSE)" --assignment "$(ASSIGNMENT)" $(ARGS)

gradescope: $(READY) ## Zip what judges on Gradescope into dist/: make gradescope ASSIGNMENT=iterated_softmax
	@test -n "$(ASSIGNMENT)" || { echo "Name the assignment: make gradescope ASSIGNMENT=iterated_softmax" >&2; exit 2; }
	$(BIN)/python -m grading gradescope --course "$(COURSE)" --assignment "$(ASSIGNMENT)"

handout: $(READY) ## Zip what students get into dist/
	$(BIN)/python -m grading.authoring.handout

release-check: $(READY) ## Check and build what a tag publishes into dist/release, and say what it is (VERSION=1.0.0)
	$(BIN)/python .ci/release.py "$(VERSION)"

reproduce: $(READY) ## Write the article's figures and numbers to build/article
	$(BIN)/python -m source.reproduce

site: $(READY) ## Build the site into build/site
	$(BIN)/python -m docs.site.build

# In an environment of its own, with the versions that are pinned, the oldest that pyproject.toml allows, or the newest.
VERSIONS ?= pinned
RESOLVE_pinned := -c constraints.txt
RESOLVE_oldest := --resolution lowest-direct --only-binary :all:
RESOLVE_newest := --upgrade
OTHER := build/runners-$(VERSIONS)/bin

runners: $(READY) ## Run the notebooks as five runners do, and compare (VERSIONS=pinned, oldest or newest)
	@test -n "$(RESOLVE_$(VERSIONS))" || { echo "VERSIONS is pinned, oldest or newest, not $(VERSIONS)." >&2; exit 2; }
	$(BIN)/python -m venv build/runners-$(VERSIONS)
	$(OTHER)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(OTHER)/uv pip install --quiet --python $(OTHER)/python $(RESOLVE_$(VERSIONS)) -r pyproject.toml --extra dev --extra runners
	$(OTHER)/python -m tests.support.runners

bench: $(READY) ## Time softmax_t, the explorers and what students wait for: tables, and .benchmarks/softmax.json
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest tests/benchmarks/bench_softmax.py --benchmark-quiet --benchmark-json=.benchmarks/softmax.json
	$(BIN)/python -m pytest tests/benchmarks/bench_explorers.py tests/benchmarks/bench_waiting.py --benchmark-quiet

bench-grading: $(READY) ## Time grading a class against stock nbgrader: submissions a minute and memory
	$(BIN)/python -m tests.benchmarks.bench_grading $(ARGS)

lint: $(READY) ## Check style, types, who imports whom, and that what is imported is declared; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/deptry . --no-ansi
	$(BIN)/deptry helpers --no-ansi --optional-dependencies-dev-groups dev,grade,dask,postgres,runners,site
	$(BIN)/deptry grading --no-ansi --optional-dependencies-dev-groups dev --ignore DEP002
	$(BIN)/mypy

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Resolved for the oldest Python that is allowed: some releases refuse the first ones of 3.11. PyTorch keeps its
# version, with which the course's numbers were measured, and pins the parts of its CUDA build itself.
define PRINT_PINS
import json, re, sys
pins = {p["metadata"]["name"]: p["metadata"]["version"].partition("+")[0] for p in json.load(sys.stdin)["install"]}
for name in sorted(pins, key=str.lower):
    if not re.match("(cuda-|nvidia-|triton$$|softmax-lab$$)", name):
        print(name + "==" + pins[name])
endef
export PRINT_PINS

constraints: $(READY) ## Pin the newest releases anew, but for PyTorch (in a .venv of Python 3.11)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "This needs a .venv of Python 3.11.")'
	@mkdir -p build
	$(BIN)/python -m pip install --quiet --dry-run --target build/none --python-version 3.11.0 --only-binary :all: \
	  --report build/report.json ".[dev,postgres,runners]" "$$(grep '^torch==' constraints.txt)"
	@{ grep '^#' constraints.txt; $(BIN)/python -c "$$PRINT_PINS" <build/report.json; } >build/constraints.txt
	@mv build/constraints.txt constraints.txt

clean: ## Remove caches and builds; .venv, work/ and gradebooks stay
	rm -rf build dist *.egg-info .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name .venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
