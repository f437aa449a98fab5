# The worker, on Node because the Temporal SDK needs it: `docker build -f deploy/worker.Dockerfile .`

FROM oven/bun:1.4.5-slim AS dependencies
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
COPY db/patches db/patches
RUN bun install --frozen-lockfile --production

FROM node:22-slim AS code
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json tsconfig.json ./
COPY core core
COPY db db
COPY workflows workflows
# The same as `bun run build`: the workflows' code is bundled here and not at each start.
RUN node --import tsx workflows/bundle/build.ts

FROM node:22-slim
WORKDIR /app
RUN install -d -o node -g node -m 0700 /run/keys
COPY --from=code /app ./
COPY deploy/with-keys.sh deploy/
USER 1000:1000
ENV NODE_ENV=production
CMD ["node", "--import", "tsx", "workflows/worker.ts"]
