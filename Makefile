# Everything one does with a checkout. Python 3.11+ and make are enough: npm is taken from a wheel where it is missing.
# pip and npm work as this machine is configured; every Python package is checked against the hashes in requirements/.

PYTHON ?= python3
FONT ?= /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
BIN := .venv/bin
PYTEST_ARGS ?= -n auto
ROUNDS ?= 200
HISTORIES ?= 2000
SECONDS_EACH ?= 60
UV_OPTIONS := --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --universal
SETTINGS := DJANGO_SETTINGS_MODULE=jutong.site.settings

.PHONY: demo demo-once test slow chaos fuzz model check format bench bench-exchange bench-node bench-gateway bench-catalogue bench-sharing bench-peers assets paper-font offline-bundle docs coverage-of-requirements screenshots messages lock clean

demo: assets ## the demo city, the main job run before your eyes; stays up until Ctrl-C
	$(BIN)/jutong demo

demo-once: assets ## the same, then stops; the last line counts the steps
	$(BIN)/jutong demo --once

test: assets ## the tests; the slower suites are `make slow`
	$(BIN)/pytest --dist load --durations 20 $(PYTEST_ARGS) -m "not slow"

chaos: assets ## 200 rounds of killed processes and servers and cut lines, over tables, files, parcels and audited calls
	cd tests && ../$(BIN)/python -m chaos $(ROUNDS)

fuzz: .venv/ready ## bytes that nobody meant for every parser of what others write, SECONDS_EACH seconds each; corpus and findings in build/fuzz
	cd tests && ../$(BIN)/python -m fuzz $(SECONDS_EACH)

model: assets ## HISTORIES histories of requests, grants, deliveries and revocations by chance beside a model on paper (an hour or so)
	JUTONG_MODEL_HISTORIES=$(HISTORIES) $(BIN)/pytest -n 0 tests/sharing/test_model.py -k longer

slow: assets ## journeys in the browser, chaos, packaging
	$(BIN)/pytest --dist loadgroup --no-loadscope-reorder --durations 20 $(PYTEST_ARGS) -m slow

check: export JUTONG_HOME = $(CURDIR)/build/home
check: export JUTONG_DATABASE_URL = postgresql://127.0.0.1:1/none
check: assets ## style, types, import contracts, missing migrations; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SETTINGS) $(BIN)/python -W ignore -m django makemigrations --check --dry-run

format: .venv/ready ## put the code into the one shape
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench-node: assets ## a centre and three front-end nodes behind a line that is cut: every file once, digests equal
	$(BIN)/python bench/nodes.py $(BENCH_ARGS)

bench: assets ## the benchmarks with their limits, as `bench NAME VALUE UNIT ratio=R against=LIMIT`
	$(BIN)/python bench/run.py $(BENCH_ARGS)

bench-gateway: assets ## the gateway with everything on: CPU per call, latency, slow readers, memory, and its peer
	$(BIN)/python bench/run.py gateway_full $(BENCH_ARGS)

bench-catalogue: assets ## the catalogue at 1,000,000 entries with 10,000,000 items: import, search, list, tree, detail, memory
	$(BIN)/python bench/run.py catalogue_import catalogue_search catalogue_list catalogue_detail $(BENCH_ARGS)

bench-sharing: assets ## decisions by four processes, the workbench of a busy department, very many clocks
	$(BIN)/python bench/run.py decisions workbench clocks $(BENCH_ARGS)

bench-exchange: assets ## table exchange beside pipes and peers: PostgreSQL, MariaDB, CSV, change capture
	$(BIN)/python bench/run.py pg_pg_plain pg_pg_masked pg_pg_reconciled mariadb_pg csv_pg cdc cdc_mariadb $(BENCH_ARGS)

bench-peers: build/peers/ready ## the peers of the benchmarks, in an environment of their own

build/peers/ready: requirements/peers.txt
	$(PYTHON) -m venv build/peers
	build/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@touch $@

paper-font: build/fonttools/ready ## cut the Chinese font of printed papers anew from FONT (Noto Sans CJK, OFL) by the list of its signs
	build/fonttools/bin/python deploy/fonts/subset.py $(FONT)

build/fonttools/ready: requirements/fonttools.txt
	$(PYTHON) -m venv build/fonttools
	build/fonttools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fonttools.txt
	@touch $@

offline-bundle: assets ## everything that an installation without a network needs, in one tar (wheels come through pip's cache)
	$(BIN)/python deploy/offline/build.py build/offline

docs: .venv/ready ## the generated pages of the manual
	$(BIN)/python -m jutong.cli.reference docs/manual

screenshots: assets ## every page at 1440 and 390 px into docs/images, from a demo of its own
	$(BIN)/jutong demo --once --screenshots docs/images

messages: .venv/ready ## collect the Chinese sentences for translation and name those without English
	$(BIN)/python -m jutong.site.messages

coverage-of-requirements: ## covered, partial and open requirements per area, as of the last test run
	$(BIN)/python tests/coverage_of_requirements.py

assets: build/assets ## the few browser files and the compiled translations

build/assets: .venv/ready package-lock.json hatch_build.py $(shell find src/jutong/site/locale -name '*.po' 2>/dev/null)
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --require-hashes -r requirements/node.txt
	$(BIN)/python hatch_build.py
	@mkdir -p build && touch $@

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock: ## renew the hashed locks (needs uv and npm); no address of an index goes into them
	uv pip compile pyproject.toml $(UV_OPTIONS) -o requirements/run.txt
	uv pip compile pyproject.toml --group dev $(UV_OPTIONS) -o requirements/dev.txt
	uv pip compile requirements/node.in $(UV_OPTIONS) -o requirements/node.txt
	uv pip compile requirements/peers.in $(UV_OPTIONS) -o requirements/peers.txt
	uv pip compile requirements/fonttools.in $(UV_OPTIONS) -o requirements/fonttools.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved

clean: ## everything that can be made again
	rm -rf .venv node_modules build dist src/jutong/site/static/vendor
