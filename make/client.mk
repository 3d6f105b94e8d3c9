# The browser client: its build, its tests in Chromium, the pictures of the README.
.PHONY: web test-browser screenshots

web: install ## build the browser client into web/dist (make dev needs no build: it serves the sources)
	@$(BUN) src/scripts/build-web.ts

test-browser: install ## drive the real service in Chromium (installs it on Debian; CHROMIUM_PATH names another)
	@bash test/browser/install-chromium.sh
	@exec $(BUN) --no-env-file test/browser/run.ts

screenshots: install ## take the pictures of docs/images anew
	@bash test/browser/install-chromium.sh --pictures
	@exec $(BUN) --no-env-file test/browser/screenshots/run.ts
