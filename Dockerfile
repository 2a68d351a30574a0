# One image for migrate, web, worker and beat (docker-compose.yml); no secret is baked in.
FROM python:3.11-slim
WORKDIR /app
ENV PYTHONUNBUFFERED=1 JIYANG_DATA=/data JIYANG_STATIC_ROOT=/app/staticfiles
COPY requirements.lock package.json package-lock.json .npmrc ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN .venv/bin/python -m jiyang.runtime assets \
 && JIYANG_DEBUG=1 .venv/bin/python manage.py collectstatic --noinput -v0 \
 && useradd --system jiyang && mkdir /data && chown jiyang /data
USER jiyang
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD .venv/bin/python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"
CMD [".venv/bin/python", "-m", "gunicorn", "jiyang.wsgi", "-b", "0.0.0.0:8000", "-k", "gthread", "-w", "2", "--threads", "4", "--no-control-socket"]
