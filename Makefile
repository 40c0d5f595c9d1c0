# `make` prints this help. Bodies are in deploy/scripts, which .ci/run uses as well.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run setup test check lint types fmt docs bench bench-import bench-export bench-events bench-encode bench-janitor bench-messaging load lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

run: ## everything on this machine, with a demo import; ARGS="--once --roster FILE.xlsx --json" for one job
	@exec deploy/scripts/run $(ARGS)

setup: ## the virtual environment for development
	@exec deploy/scripts/setup dev

test: ## all tests; T="path or pytest options" for some of them
	@exec deploy/scripts/test $(T)

check: ## the fast part: lint, types, unit tests
	@exec deploy/scripts/check

lint: ## ruff: rules and format
	@exec deploy/scripts/lint

types: ## mypy --strict
	@exec deploy/scripts/types

fmt: ## rewrite the code as ruff formats it
	@exec deploy/scripts/fmt

docs: ## the tables of the services' READMEs and the dashboards, from the code
	@exec deploy/scripts/docs

bench: ## all measurements, as ratios taken side by side
	@exec deploy/scripts/bench all

bench-import: ## the roster import: rows/s, ratio to COPY, cost per row as sheets grow
	@exec deploy/scripts/bench import

bench-export: ## an export of 100,000 rows: ratio to the fastest writer alone, peak memory
	@exec deploy/scripts/bench export

bench-events: ## consumer and relay as ratios to bare boto3, wake-up by NOTIFY as a ratio to a poll
	@exec deploy/scripts/bench events

bench-encode: ## one encode job as a ratio to bare ffmpeg, one pass and three; fMP4 beside TS
	@exec deploy/scripts/bench encode

bench-janitor: ## sweep and apply as ratios to bare ListObjectsV2 and DeleteObjects, memory of a million objects
	@exec deploy/scripts/bench janitor

bench-messaging: ## the senders of messages as a ratio to a bare loop of the same client
	@exec deploy/scripts/bench messaging

load: ## a Monday at 17:00 against the whole stack, ×1, ×2 … until it breaks; ARGS="--write" for deploy/capacity
	@exec deploy/scripts/load $(ARGS)

lock: ## resolve requirements/*.in again
	@exec deploy/scripts/setup dev && exec deploy/scripts/lock

clean: ## remove the local stack's data, caches and artefacts; the virtual environment stays
	@rm -rf .academy .artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis
