# Faults, fuzzing and the audit of what we depend on.
SCHEMATHESIS_VERSION := 4.32.5
SCHEMATHESIS := .tools/schemathesis-$(SCHEMATHESIS_VERSION)

.PHONY: resilience resilience-quick fuzz audit

resilience: install ## every fault with real kills under load, one table, written to docs/reliability.md (ONLY=3 for one)
	@exec $(BUN) --no-env-file test/resilience/run.ts $(if $(ONLY),--only=$(ONLY),--write)

resilience-quick: install ## the short form of the same, for CI
	@exec $(BUN) --no-env-file test/resilience/run.ts --quick

fuzz: install $(SCHEMATHESIS)/bin/schemathesis ## made-up input for every operation of a service of its own, with and without a token
	@exec $(BUN) --no-env-file test/resilience/fuzz.ts "$(CURDIR)/$(SCHEMATHESIS)/bin/schemathesis"

audit: install ## known weaknesses in what we depend on, and the licences of all of it
	@$(BUN) --no-env-file test/resilience/audit.ts
	@exec $(BUN) --no-env-file test/resilience/licences.ts

$(SCHEMATHESIS)/bin/schemathesis:
	@command -v python3 >/dev/null || { echo 'python3 is needed for schemathesis' >&2; exit 1; }
	@echo 'installing schemathesis $(SCHEMATHESIS_VERSION)'
	@python3 -m venv $(SCHEMATHESIS) && $(SCHEMATHESIS)/bin/pip install -q --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION)
