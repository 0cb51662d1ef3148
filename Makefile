# `make run` starts the app, `make test` runs the tests, `make lint` checks style and types. Each makes .venv first.
PYTHON ?= python3
BIN := .venv/bin
PIP := python -m pip install --quiet --disable-pip-version-check
# The build of torch that requirements.txt names: for CPUs, without gigabytes of CUDA. Where another build of that
# version is there already, it stays.
TORCH := --no-deps $(shell grep -E '^(--extra|torch)' requirements.txt)
# Two workers with one thread each are faster than one with two. Tests of one file share what they set up.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# What the app is made of: all that a Space needs, and nothing of training.
SPACE := app.py requirements.txt README.md LICENSE CITATION.cff CHANGELOG.md CONTRIBUTING.md docs examples facegen \
  checkpoints \
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
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

# `make space DIR=..` writes the tree that is pushed to a Space: committed files, without history; weights by Git LFS.
# REPO=OWNER/NAME, the Space's own, gives it a thumbnail; MODEL=OWNER/NAME is fetched when the Space is built.
space:
	@test -n "$(DIR)" || { echo "say where: make space DIR=../my-space"; exit 2; }
	mkdir -p "$(DIR)"
	git archive HEAD -- $(SPACE) | tar -x -C "$(DIR)"
	printf '%s filter=lfs diff=lfs merge=lfs -text\n' '*.safetensors' '*.png' '*.webp' > "$(DIR)/.gitattributes"
	$(if $(REPO),sed -i '2i thumbnail: https://huggingface.co/spaces/$(REPO)/resolve/main/examples/descriptions.webp' "$(DIR)/README.md")
	$(if $(MODEL),sed -i '2i models: [$(MODEL)]\npreload_from_hub: [$(MODEL)]' "$(DIR)/README.md")

# Checks all, and leaves in dist/ a wheel and an sdist that have drawn a face. docs/deploy.md says what comes after.
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' facegen/__init__.py)
release: lint test
	grep -q "^## $(VERSION)" CHANGELOG.md || \
	  sed -i "s/^## Unreleased.*/## Unreleased\n\n## $(VERSION), $$(date +%F)/" CHANGELOG.md
	$(BIN)/$(PIP) build twine
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv build/venv
	build/venv/bin/$(PIP) $(TORCH)
	build/venv/bin/$(PIP) dist/*.whl
	build/venv/bin/python -m pip check
	cd build && venv/bin/facegen generate "a smiling woman with glasses" --seed 7 -o face.png

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/test.stamp: EXTRAS := [train,test]
.venv/lint.stamp: EXTRAS := [lint]
.venv/app.stamp .venv/test.stamp .venv/lint.stamp: pyproject.toml requirements.txt | $(BIN)/python
	$(BIN)/$(PIP) $(TORCH)
	$(BIN)/$(PIP) --editable '.$(EXTRAS)'
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
