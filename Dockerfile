# One image for the API, the worker and the scripts; the command says which of them runs.
ARG BUN_VERSION=1.4.5

FROM oven/bun:${BUN_VERSION}-slim AS base
WORKDIR /app

# Runtime dependencies in a layer of their own: it changes only with the lockfile.
FROM base AS dependencies
COPY package.json bun.lock bunfig.toml ./
RUN --mount=type=cache,target=/root/.bun/install/cache \
    bun install --frozen-lockfile --production --ignore-scripts
# Peers that only a compiler reads, and source maps and typings that nothing loads.
RUN rm -rf node_modules/@typescript node_modules/typescript node_modules/bun-types node_modules/@types \
      node_modules/undici-types node_modules/.bin \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete \
 && find node_modules -type d -empty -delete

# The browser client needs no dependency, only the bundler that Bun brings.
FROM base AS web
COPY tsconfig.json package.json ./
COPY src ./src
COPY web ./web
RUN bun src/scripts/build-web.ts

FROM base AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stories-service" \
      org.opencontainers.image.description="Ephemeral stories: public, for friends or private, gone after 24 hours." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# A read-only root file system has no place for Bun's cache of compiled modules.
ENV NODE_ENV=production \
    BUN_RUNTIME_TRANSPILER_CACHE_PATH=0 \
    DO_NOT_TRACK=1 \
    PORT=3000 \
    WORKER_METRICS_PORT=9091
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json tsconfig.json ./
COPY drizzle ./drizzle
COPY --from=web /app/web/dist ./web/dist
COPY worker.ts ./
COPY src ./src
# By number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 3000 9091
STOPSIGNAL SIGTERM
# The worker asks its own port instead; whoever runs it says so (docker-compose.yml, fly.toml, deploy/k8s).
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["bun", "-e", "process.exit((await fetch(`http://127.0.0.1:${process.env.PORT}/readyz`)).ok ? 0 : 1)"]
# Bun itself is process 1: no shell stands between it and SIGTERM.
ENTRYPOINT ["bun"]
CMD ["src/server.ts"]
