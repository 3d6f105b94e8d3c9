# `make help` lists the targets. Needs make, Node.js and npm; everything else comes from package registries.
SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Bun from the PATH when it is new enough, else the pinned one in .tools/.
BUN_VERSION := 1.4.5
# Relative, as the folder's own path may have spaces.
LOCAL_BUN := .tools/node_modules/.bin/bun
SYSTEM_BUN := $(shell found=$$(bun --version 2>/dev/null) && printf '%s\n%s\n' $(BUN_VERSION) "$$found" | sort -VC && command -v bun)
BUN := $(if $(SYSTEM_BUN),$(SYSTEM_BUN),$(LOCAL_BUN))
export PATH := $(if $(SYSTEM_BUN),$(dir $(SYSTEM_BUN)),$(CURDIR)/$(dir $(LOCAL_BUN))):$(PATH)

# Files in make/ add targets of their own, and checks to `lint-extra`.
-include make/*.mk

.PHONY: help install dev seed migrate migration admin openapi lint lint-extra generated check test test-unit test-integration test-journey clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(BUN) node_modules/.installed ## Bun and the packages of the lockfile, without starting anything

$(LOCAL_BUN):
	@command -v npm >/dev/null || { echo 'npm is needed to fetch Bun: install Node.js (with npm), or Bun $(BUN_VERSION) yourself' >&2; exit 1; }
	@echo 'fetching Bun $(BUN_VERSION) from npm into .tools/ (once)'
	@mkdir -p .tools && npm install --prefix .tools --no-save --no-audit --no-fund --loglevel=error bun@$(BUN_VERSION)
	@touch -c $@

node_modules/.installed: bun.lock | $(BUN)
	@$(BUN) install --frozen-lockfile
	@touch $@

dev: install ## run everything here: stores, API and worker with reload (PORT=3000)
	@exec $(BUN) dev/up.ts

seed: install ## make the demo accounts with stories, follows, views and reactions
	@exec $(BUN) dev/run.ts --migrate $(BUN) src/scripts/seed.ts

migrate: install ## apply the migrations of drizzle/
	@exec $(BUN) dev/run.ts $(BUN) src/scripts/migrate.ts

migration: install ## write a migration for the changed schema: make migration name=add_polls
	@test -n "$(name)" || { echo 'usage: make migration name=what_it_does' >&2; exit 2; }
	@$(BUN) x drizzle-kit generate --name '$(name)'

admin: install ## make a user an admin: make admin EMAIL=ava@example.com
	@test -n "$(EMAIL)" || { echo 'usage: make admin EMAIL=who@example.com' >&2; exit 2; }
	@exec $(BUN) dev/run.ts --migrate $(BUN) src/scripts/grant-admin.ts '$(EMAIL)'

openapi: install ## write docs/openapi.json
	@$(BUN) src/scripts/write-openapi.ts

lint: install lint-extra ## Biome, types, and the checks of make/*.mk
	@$(BUN) x biome check --error-on-warnings .
	@$(BUN) x tsc --noEmit

lint-extra:: install

generated: install ## migrations and the OpenAPI document are what the code says
	@$(BUN) dev/check-generated.ts

check: lint generated test ## style, types, generated files and all tests, here

test: install ## unit, integration and journey tests against a stack of their own
	@exec $(BUN) --no-env-file dev/run-tests.ts

test-unit: install ## tests that need no stores
	@exec $(BUN) --no-env-file dev/run-tests.ts unit

test-integration: install ## tests against real stores (STACK=containers or STACK=embedded chooses)
	@exec $(BUN) --no-env-file dev/run-tests.ts integration

test-journey: install ## the walkthrough over real sockets
	@exec $(BUN) --no-env-file dev/run-tests.ts journey

clean: install ## drop the data of make dev
	@$(BUN) dev/clean.ts
