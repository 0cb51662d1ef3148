# `make run` starts the app, `make test` runs the tests, `make lint` checks style and types. Each makes .venv first.
PYTHON ?= python3
BIN := .venv/bin
# Two workers with one thread each are faster than one with two. Tests of one file share what they set up.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# What the app is made of: all that a Space needs, and nothing of training.
SPACE := app.py requirements.txt README.md LICENSE CITATION.cff examples facegen \
  checkpoints/default checkpoints/classifier checkpoints/reader \
  ':(exclude)facegen/training' ':(exclude)facegen/evaluation'

.PHONY: run test test-slow lint release space chromium clean

run: .venv/app.stamp
	$(BIN)/python app.py

test: .venv/test.stamp chromium
	$(PYTEST) $(ARGS)

# What takes minutes.
test-slow: .venv/test.stamp
	$(PYTEST) -m slow $(ARGS)

lint: .venv/lint.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy

# `make space DIR=..` writes the tree that is pushed to a Space: committed files, without history; weights by Git LFS.
space:
	@test -n "$(DIR)" || { echo "say where: make space DIR=../my-space"; exit 2; }
	mkdir -p "$(DIR)"
	git archive HEAD -- $(SPACE) | tar -x -C "$(DIR)"
	printf '%s filter=lfs diff=lfs merge=lfs -text\n' '*.safetensors' '*.png' '*.webp' > "$(DIR)/.gitattributes"

# Checks all, and leaves in dist/ a wheel and an sdist that have drawn a face. docs/deploy.md says what comes after.
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' facegen/__init__.py)
release: lint test
	grep -q "^## $(VERSION)" CHANGELOG.md || \
	  sed -i "s/^## Unreleased.*/## Unreleased\n\n## $(VERSION), $$(date +%F)/" CHANGELOG.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv build/venv
	build/venv/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	build/venv/bin/python -m pip check
	cd build && venv/bin/facegen generate "a smiling woman with glasses" --seed 7 -o face.png

.venv/app.stamp: pyproject.toml requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/test.stamp: pyproject.toml requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train,test]'
	touch $@ .venv/app.stamp

# The packages themselves as well, because mypy reads their types.
.venv/lint.stamp: pyproject.toml requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lint]'
	touch $@ .venv/app.stamp

# The browser tests drive Debian's Chromium; without one they say so and are skipped.
chromium:
	@command -v chromium >/dev/null || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  fi; }; \
	command -v chromium >/dev/null || echo "No /usr/bin/chromium: the browser tests will be skipped (apt-get install chromium)."

clean:
	rm -rf .venv build dist *.egg-info
