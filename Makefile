.DEFAULT_GOAL := help
.PHONY: help setup check test build demo bench chaos

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Install and build what development and tests need
	@test/setup/prepare.sh

check: setup ## Lint and type-check
	@npm run --silent check

test: setup ## Run every check and test (does all its own set-up)
	@test/setup/run-all.sh

build: setup ## Compile to dist/
	@npm run --silent build

demo: build ## Show registering, scaling and killing instances, in the terminal
	@npm run --silent demo

bench: build ## Measure speed, as ratios in one run
	@npm run --silent bench

chaos: setup ## Make faults at random and judge what comes of them
	@npm run --silent chaos
