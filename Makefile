# Two commands: `make run` starts the app, `make test` runs the tests. Each makes .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test chromium clean

run: .venv/app.stamp
	$(BIN)/python app.py

test: .venv/test.stamp chromium
	$(BIN)/python -m pytest $(ARGS)

.venv/app.stamp: pyproject.toml requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/test.stamp: pyproject.toml requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train,test]'
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
