# The server and the commands of cli/: `docker build -f deploy/server.Dockerfile .`

FROM oven/bun:1.4.5-slim AS dependencies
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
COPY db/patches db/patches
RUN bun install --frozen-lockfile --production

FROM oven/bun:1.4.5-slim
WORKDIR /app
# A named volume that is mounted here gets the owner of this folder.
RUN install -d -o bun -g bun -m 0700 /run/keys
COPY --from=dependencies /app/node_modules node_modules
COPY package.json bunfig.toml tsconfig.json ./
COPY core core
COPY db db
COPY workflows/contract.ts workflows/contract.ts
COPY routers routers
COPY src src
COPY cli cli
COPY deploy/make-keys.ts deploy/with-keys.sh deploy/
USER 1000:1000
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["bun", "-e", "process.exit((await fetch(`http://127.0.0.1:${process.env.PORT}/livez`)).ok ? 0 : 1)"]
CMD ["bun", "src/server.ts"]
