.DEFAULT_GOAL := help
.PHONY: help setup modules check test build demo demo-local demo-down bench chaos

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Install and build what development and tests need
	@test/setup/prepare.sh

modules:
	@test/setup/modules.sh

check: setup ## Lint and type-check
	@npm run --silent check

test: setup ## Run every check and test (does all its own set-up)
	@test/setup/run-all.sh

build: modules ## Compile to dist/
	@npm run --silent build

demo: ## Show registering, scaling and killing instances: the Compose stack with Docker, else in the terminal alone
	@if docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then \
	  compose/demo.sh; \
	else \
	  echo 'No Docker engine with Compose answers: this is the demo without one.'; \
	  $(MAKE) --no-print-directory demo-local; \
	fi

demo-local: build ## The demo without Docker
	@npm run --silent demo

demo-down: ## Take the Compose stack down, with its data
	@docker compose -f compose/docker-compose.yml --profile '*' down --volumes --remove-orphans

bench: build ## Measure speed, as ratios in one run
	@npm run --silent bench

chaos: setup ## Make faults at random and judge what comes of them
	@npm run --silent chaos
