# Base images are pinned by version and digest for reproducible builds. To update Node, look up the new version and digest and
# change every FROM: docker buildx imagetools inspect node:24.21.0-alpine3.23 --format '{{.Manifest.Digest}}'

# `--ignore-scripts` also skips the Node from devDependencies: each image has its own.
FROM node:24.21.0-alpine3.23@sha256:9ec4a2e289874ed0d722e1772ec2de45d2801541db8612f3638b26f128c69ac2 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY bin ./bin
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# Sandbox backends for trying out the gateway, run from source: docker build --target sandbox. Debian, because @oxc-node needs glibc.
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS sandbox
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
COPY sandbox ./sandbox
USER 65532:65532
CMD ["node", "--import", "@oxc-node/core/register", "sandbox/backends.ts"]

# The last stage, so that it is the default target of `docker build .`.
FROM node:24.21.0-alpine3.23@sha256:9ec4a2e289874ed0d722e1772ec2de45d2801541db8612f3638b26f128c69ac2 AS gateway
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="api-gateway" \
      org.opencontainers.image.description="REST-to-gRPC gateway" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The runbooks use sh, wget, nc, nslookup, netstat, top (included in BusyBox) and curl.
RUN apk add --no-cache curl && addgroup -S -g 65532 gateway && adduser -S -D -H -u 65532 -G gateway gateway
WORKDIR /app
# DNS lookups and signatures share libuv's thread pool, which has four threads by default: a slow resolver must not delay signatures.
ENV NODE_ENV=production UV_THREADPOOL_SIZE=16 GATEWAY_REVISION=${REVISION}
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin ./bin
# For `kubectl exec deployment/api-gateway -- gateway …`, which the runbooks use.
RUN ln -s /app/bin/gateway.js /usr/local/bin/gateway
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD wget -qO /dev/null "http://127.0.0.1:${OPS_PORT:-${API_GATEWAY_PORT:-8080}}/livez"
# The heap limit is below the memory limit of the container, so that V8 collects garbage more often before the kernel kills the process.
CMD ["node", "--enable-source-maps", "--disable-sigusr1", "--max-old-space-size-percentage=65", "dist/main.js"]
