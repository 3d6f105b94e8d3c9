# Containers, the checks of what is delivered, and the README as a test. Tools are pinned and land in .tools/.

ACTIONLINT_VERSION := v1.7.12
KUSTOMIZE_VERSION := v5.8.1
KUBERNETES_VALIDATE_VERSION := 1.37.0
PROMETHEUS_VERSION := 3.16.0
PROMETHEUS_MODULE := v0.316.0

DELIVERY_TOOLS := .tools/delivery
ACTIONLINT := $(DELIVERY_TOOLS)/actionlint-$(ACTIONLINT_VERSION)
KUSTOMIZE := $(DELIVERY_TOOLS)/kustomize-$(KUSTOMIZE_VERSION)
KUBERNETES_VALIDATE := $(DELIVERY_TOOLS)/kubernetes-validate-$(KUBERNETES_VALIDATE_VERSION)/bin/kubernetes-validate
PROMTOOL := $(DELIVERY_TOOLS)/promtool-$(PROMETHEUS_VERSION)
IMAGE ?= stories-service:local
REVISION = $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

.PHONY: up down logs image types sweep walkthrough smoke compose-smoke load-smoke dashboard-check dashboard-picture
.PHONY: lint-extra lint-workflows lint-rules lint-manifests lint-compose

up: ## everything in containers, built and healthy, at http://localhost:3000 (PORT=… for another)
	@docker compose up -d --build --wait

down: ## stop the containers (VOLUMES=1 drops their data too)
	@docker compose --profile monitoring down --remove-orphans $(if $(VOLUMES),--volumes)

logs: ## follow the logs of API and worker (SERVICE=postgres of another)
	@docker compose logs -f --no-log-prefix --tail 100 $(or $(SERVICE),api worker)

image: ## build the image stories-service:local (IMAGE=… names another)
	@docker build --build-arg REVISION=$(REVISION) -t $(IMAGE) .
	@docker image inspect -f '{{index .RepoTags 0}}: {{.Size}} bytes' $(IMAGE)

types: install ## the TypeScript compiler alone
	@$(BUN) x tsc --noEmit

# Joins whichever runs: the containers of `make up`, else the stack of `make dev`.
COMPOSE_RUNS = docker compose ps -q --status running api 2>/dev/null | grep -q .

sweep: ## one sweep of the worker, with its log lines (STORY=id ends that story first)
	@if $(COMPOSE_RUNS); then \
	  $(if $(STORY),docker compose exec -T postgres psql -q -U stories -d stories -v id='$(STORY)' \
	    <<< "update stories set expires_at = now() - interval '1 second' where id = :'id'";) \
	  docker compose run --rm --no-deps -T worker worker.ts --once; \
	else \
	  $(if $(STORY),$(BUN) dev/run.ts -- $(BUN) test/walkthrough/end-story.ts '$(STORY)';) \
	  $(BUN) dev/run.ts -- $(BUN) worker.ts --once; \
	fi

walkthrough: $(BUN) ## run the README's steps against a running service and check its answers (BASE_URL=…)
	@$(BUN) --no-env-file test/walkthrough/run-walkthrough.ts

smoke: $(BUN) ## ask a deployed service what needs no account (BASE_URL=https://…)
	@$(BUN) --no-env-file test/walkthrough/run-smoke.ts

compose-smoke: $(BUN) ## with `make up`: two instances, each container killed under load, addresses behind the proxy
	@$(BUN) --no-env-file test/compose/run-compose-smoke.ts

K6_VERSION := 1.8.1

load-smoke: ## a short k6 run of posting, viewing and reading (k6 from the PATH or its image; BASE_URL=…)
	@if command -v k6 >/dev/null; then BASE_URL=$(or $(BASE_URL),http://localhost:$(or $(PORT),3000)) k6 run -q load/smoke.js; \
	else docker run --rm -i --network host -e BASE_URL=$(or $(BASE_URL),http://127.0.0.1:$(or $(PORT),3000)) grafana/k6:$(K6_VERSION) run -q - < load/smoke.js; fi

dashboard-check: $(BUN) ## run every query of the dashboard against Prometheus (PROMETHEUS_URL=…)
	@$(BUN) --no-env-file test/dashboard/check-dashboard.ts

dashboard-picture: $(BUN) ## draw the dashboard's present data as docs/images/dashboard.svg
	@$(BUN) --no-env-file test/dashboard/draw-dashboard.ts

# One line per check; what a machine lacks is said aloud, and is a failure under CI=true.
lint-extra:: lint-workflows lint-rules lint-manifests lint-compose

# $(call with-tool,NAME,FILE,COMMAND): runs COMMAND when FILE can be had.
define with-tool
	@if [ -x $(2) ] || $(MAKE) --no-print-directory -s $(2); then $(3); \
	elif [ "$$CI" = true ]; then echo "$(1): could not be installed" >&2; exit 1; \
	else echo "$(1): skipped here, as it could not be installed (CI runs it)"; fi
endef

lint-workflows:
	$(call with-tool,actionlint,$(ACTIONLINT),$(ACTIONLINT) -color && echo "workflows: fine (actionlint)")

lint-rules:
	$(call with-tool,promtool,$(PROMTOOL),$(PROMTOOL) check config ops/prometheus/prometheus.yml >/dev/null && \
	$(PROMTOOL) test rules ops/prometheus/tests/*.test.yml >/dev/null && echo "alert and recording rules: fine (promtool)")

# What the documentation says sets the image does: in a copy, as it writes the overlay anew.
SAMPLE_IMAGE := registry.example.org/sample/stories-service:sha-0123456
define set-image
rm -rf $(DELIVERY_TOOLS)/k8s && cp -R deploy/k8s $(DELIVERY_TOOLS)/k8s && \
cd $(DELIVERY_TOOLS)/k8s/overlays/production && "$(CURDIR)/$(KUSTOMIZE)" edit set image stories-service=$(SAMPLE_IMAGE) && \
images=$$("$(CURDIR)/$(KUSTOMIZE)" build . | sed -n 's/^ *image: //p' | sort -u) && \
if [ "$$images" != $(SAMPLE_IMAGE) ]; then echo "the image that was set is not the one that runs:" $$images >&2; exit 1; fi
endef

lint-manifests: $(DELIVERY_TOOLS)
	$(call with-tool,kustomize,$(KUSTOMIZE),for at in base overlays/production; do \
	  $(KUSTOMIZE) build deploy/k8s/$$at -o $(DELIVERY_TOOLS)/rendered-$$(basename $$at).yaml || exit 1; done; $(set-image))
	$(call with-tool,kubernetes-validate,$(KUBERNETES_VALIDATE),$(KUBERNETES_VALIDATE) --strict --quiet \
	  $(DELIVERY_TOOLS)/rendered-base.yaml $(DELIVERY_TOOLS)/rendered-production.yaml && \
	! grep -n 'kind: Secret$$' $(DELIVERY_TOOLS)/rendered-production.yaml && echo "Kubernetes manifests: fine (kustomize, API schemas)")

lint-compose:
	@if docker compose version >/dev/null 2>&1; then \
	  docker compose --profile monitoring config --quiet && echo "docker-compose.yml: fine"; \
	elif [ "$$CI" = true ] && [ -n "$$GITHUB_ACTIONS" ]; then echo "docker compose is missing" >&2; exit 1; \
	else echo "docker-compose.yml: skipped, there is no docker compose here"; fi

$(DELIVERY_TOOLS):
	@mkdir -p $@

# Go programs: static, by their module and the checksum database.
define go-tool
	@command -v go >/dev/null || { echo "go is needed to build $(notdir $@)" >&2; exit 1; }
	@echo "installing $(notdir $@)"
	@GOBIN="$(CURDIR)/$(DELIVERY_TOOLS)/.bin-$(notdir $@)" GOFLAGS=-buildvcs=false CGO_ENABLED=0 go install $(2) -trimpath $(1)
	@mv $(DELIVERY_TOOLS)/.bin-$(notdir $@)/$(3) $@ && rm -rf $(DELIVERY_TOOLS)/.bin-$(notdir $@)
endef

$(ACTIONLINT): | $(DELIVERY_TOOLS)
	$(call go-tool,github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION),,actionlint)

$(KUSTOMIZE): | $(DELIVERY_TOOLS)
	$(call go-tool,sigs.k8s.io/kustomize/kustomize/v5@$(KUSTOMIZE_VERSION),,kustomize)

# Taken out of the image where an engine has it (a second), else compiled (minutes, once).
$(PROMTOOL): | $(DELIVERY_TOOLS)
	@if docker image inspect prom/prometheus:v$(PROMETHEUS_VERSION) >/dev/null 2>&1; then \
	  id=$$(docker create prom/prometheus:v$(PROMETHEUS_VERSION)) && docker cp -q $$id:/bin/promtool $@; \
	  docker rm $$id >/dev/null; fi
	@[ -x $@ ] || $(MAKE) --no-print-directory -s promtool-from-source

.PHONY: promtool-from-source
promtool-from-source: | $(DELIVERY_TOOLS)
	@command -v go >/dev/null || { echo "go is needed to build promtool" >&2; exit 1; }
	@echo "installing promtool (minutes, once)"
	@GOBIN="$(CURDIR)/$(DELIVERY_TOOLS)/.bin-promtool" GOFLAGS=-buildvcs=false CGO_ENABLED=0 \
	  go install -trimpath -tags remove_all_sd,enable_dns_sd github.com/prometheus/prometheus/cmd/promtool@$(PROMETHEUS_MODULE)
	@mv $(DELIVERY_TOOLS)/.bin-promtool/promtool $(PROMTOOL) && rm -rf $(DELIVERY_TOOLS)/.bin-promtool

# The schemas of the Kubernetes API come inside this package, so no cluster and no other host is asked.
$(KUBERNETES_VALIDATE): | $(DELIVERY_TOOLS)
	@command -v python3 >/dev/null || { echo "python3 is needed for kubernetes-validate" >&2; exit 1; }
	@echo "installing kubernetes-validate $(KUBERNETES_VALIDATE_VERSION)"
	@python3 -m venv $(dir $(@D)) && $(@D)/pip install -q --disable-pip-version-check kubernetes-validate==$(KUBERNETES_VALIDATE_VERSION)
