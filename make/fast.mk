# Measuring: the bench beside its yardsticks, and the k6 scripts.
K6_TOOL_VERSION := v1.8.1
K6 := .tools/load/k6-$(K6_TOOL_VERSION)

.PHONY: bench bench-tries bench-report load

bench: install wrk $(K6) ## measure every row on a stack of its own and write docs/performance.md (ROWS="1 2" measures those)
	@STACK=embedded $(BUN) --no-env-file load/bench.ts $(ROWS)
	@$(BUN) --no-env-file load/write-report.ts

bench-tries: install ## what was tried beside what it would replace, for docs/performance.md
	@STACK=embedded $(BUN) --no-env-file load/tries.ts
	@$(BUN) --no-env-file load/write-report.ts

bench-report: install ## write docs/performance.md from what was measured last
	@$(BUN) --no-env-file load/write-report.ts

load: install $(K6) ## k6 against a running service (BASE_URL=…): create + view, then the feed; summaries in load/results/
	@mkdir -p load/results
	@status=0; for script in create-and-view feed; do \
	  $(K6) run --quiet --no-usage-report -e BASE_URL=$(or $(BASE_URL),http://localhost:3000) load/$$script.js || status=$$?; done; exit $$status

.PHONY: wrk
wrk:
	@command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get install -y -q wrk >/dev/null 2>&1 || { apt-get update -q >/dev/null && apt-get install -y -q wrk >/dev/null; }; }; } || \
	  { echo 'wrk is needed: install it (Debian and Ubuntu: apt-get install wrk)' >&2; exit 1; }

$(K6):
	@mkdir -p $(@D)
	@if command -v docker >/dev/null && docker image inspect grafana/k6:$(K6_TOOL_VERSION:v%=%) >/dev/null 2>&1; then \
	  id=$$(docker create grafana/k6:$(K6_TOOL_VERSION:v%=%)) && docker cp -q $$id:/usr/bin/k6 $@; docker rm $$id >/dev/null; fi
	@[ -x $@ ] || { command -v go >/dev/null || { echo 'go is needed to build k6' >&2; exit 1; }; \
	  echo 'building k6 (minutes, once)'; \
	  GOBIN="$(CURDIR)/$(@D)/.bin" GOFLAGS=-buildvcs=false CGO_ENABLED=0 go install -trimpath go.k6.io/k6@$(K6_TOOL_VERSION) && \
	  mv $(@D)/.bin/k6 $@ && rm -rf $(@D)/.bin; }
