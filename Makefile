# Everything runs in .venv, which is made from requirements.lock when it is missing.
PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: demo test check check-data bench lock phone-env clean

demo: .venv/.made
	$(RUN) scripts/demo.py

# A file is run by one process: its fixtures are made once. Long files begin first: tests/conftest.py.
test: .venv/.made
	$(RUN) -m pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: .venv/.made
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

# The tests on real data; a skip counts as a failure.
check-data: .venv/.made
	$(RUN) scripts/check_data.py

# make bench NAME: run (or resume) benchmarks/NAME.py, write benchmarks/results/NAME.json and docs/benchmarks.md
ifeq (bench,$(firstword $(MAKECMDGOALS)))
NAMES := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: $(NAMES)
$(NAMES): ;@:
endif
bench: .venv/.made
	$(RUN) -m benchmarks $(NAMES)

COMPILE := $(RUN) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q
lock: .venv/.made
	$(COMPILE) pyproject.toml --extra train --extra dev -o requirements.lock
	$(COMPILE) pyproject.toml -o requirements-serving.lock
	$(COMPILE) requirements-phone.in -o requirements-phone.lock

# MediaPipe brings its own OpenCV, so it stands apart.
phone-env: .venv-phone/.made

.venv/.made: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, found " + sys.version.split()[0] + "; say make PYTHON=python3.12, for example")'
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

.venv-phone/.made: requirements-phone.lock
	$(PYTHON) -m venv .venv-phone
	.venv-phone/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-phone.lock
	touch $@

clean:
	rm -rf .venv .venv-phone build dist
