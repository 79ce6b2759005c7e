# wedgate: every target installs what it needs into the tree (.venv, .tools) and says in one line what it skipped.
#
#   make demo    the main job, end to end, on real parts (about two minutes)
#   make test    every test, on two processes
#   make test-all  every test, with 20,000 random calendars instead of a sample (about an hour)
#   make fuzz    1,000,000 generated comments through the grammar of overrides (about a minute)
#   make kill    kill -9 of real processes, before and after each thing that a tick does (about three minutes)
#   make soak    100,000 rollouts in virtual worlds (half an hour on two free cores; SEEDS=5000 takes a minute and a half)
#   make lint    style, types, boundaries between the rooms, workflows, the schema
#   make bench   the benchmarks, as ratios of one run
#   make bench-judge  how often the judge alarms on real measurements: the tables of docs/judge.md, bench.md and history.md
#   make tools   the programs that some tests need: act, actionlint, vegeta, wrk, amtool, promtool, haproxy, nginx,
#                chromium, axe-core, GitHub's published description
#   make pictures  the pictures of the documentation, which need chromium
#   make schema  write the JSON Schema of wedgate.yml anew
#   make presets  write docs/reference/presets.md anew
#   make lock    write requirements/*.txt anew (make lock UPGRADE=--upgrade takes newer releases)
#
# Python 3.11 to 3.14 is all that must be there. `make PYTHON=/path/to/python3.12 test` names one.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all fuzz kill soak lint bench bench-judge tools pictures schema presets lock clean

VENV := .venv
PY := $(VENV)/bin/python
DEMO := $(VENV)/.wedgate-demo
DEV := $(VENV)/.wedgate-dev
export PYTHON
export PATH := $(CURDIR)/.tools/bin:$(PATH)

# An environment of another version than the Python that is named is made anew.
VERSION_OF = $(shell $(1) -I -c 'import sys; print(sys.version_info[:2])' 2>/dev/null)
ifneq ($(PYTHON),)
ifneq ($(call VERSION_OF,$(PYTHON)),$(call VERSION_OF,$(PY)))
.PHONY: $(DEMO) $(DEV)
endif
endif

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

$(DEMO): requirements/demo.txt pyproject.toml tools/venv.sh
	@tools/venv.sh demo

$(DEV): requirements/dev.txt pyproject.toml tools/venv.sh
	@tools/venv.sh dev

demo: $(DEMO)
	@$(PY) -X utf8 examples/demo/run.py $(ARGS)

test: $(DEV)
	@$(PY) -X utf8 -m pytest -n 2 --dist loadfile $(ARGS)

test-all: export WEDGATE_THOROUGH := 1
test-all: test

fuzz: export WEDGATE_FUZZ := 1000000
fuzz: $(DEV)
	@$(PY) -X utf8 -m pytest -n 2 tests/overrides/test_grammar_fuzz.py $(ARGS)

kill: export WEDGATE_THOROUGH := 1
kill: $(DEV)
	@$(PY) -X utf8 -m pytest tests/acceptance/test_killed_for_real.py $(ARGS)

SEEDS ?= 100000
soak: $(DEV)
	@$(PY) -X utf8 -m wedgate.simulation --seeds $(SEEDS) $(ARGS)

lint: $(DEV)
	@tools/lint.sh

bench: $(DEV)
	@$(PY) -X utf8 benchmarks/run.py $(ARGS)

bench-judge: $(DEV)
	@$(PY) -X utf8 benchmarks/judge_power.py --write
	@$(PY) -X utf8 benchmarks/judge_peers.py --write
	@$(PY) -X utf8 benchmarks/judge_curve.py --write
	@$(PY) -X utf8 benchmarks/judge_turns.py --write
	@$(PY) -X utf8 benchmarks/judge_looks.py --write
	@$(PY) -X utf8 benchmarks/judge_series.py --write

tools:
	@tools/get_tools.sh

pictures: $(DEV)
	@$(PY) -X utf8 tools/make_pictures.py

schema: $(DEV)
	@$(PY) -I -X utf8 -m wedgate.config.schema >.schema.new
	@mv .schema.new wedgate/config/resources/schema.json

presets: $(DEV)
	@$(PY) -I -X utf8 -m wedgate.render.presets >.presets.new
	@mv .presets.new docs/reference/presets.md

lock: $(DEV)
	@tools/lock.sh $(UPGRADE)

clean:
	rm -rf .venv .tools .build dist demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
