# One image for migrate, web, worker and beat (docker-compose.yml); no secret is baked in.
FROM python:3.11-slim
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 JIYANG_DATA=/data JIYANG_STATIC_ROOT=/app/staticfiles
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
# The stand-in secrets of this one command do not stay: nothing but files comes of it.
RUN .venv/bin/python -m jiyang.runtime assets \
 && JIYANG_DEBUG=1 .venv/bin/python manage.py collectstatic --noinput -v0 \
 && useradd --system --uid 10001 --no-create-home jiyang && install -d -o jiyang -m 700 /data
USER jiyang
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD [".venv/bin/python", "-m", "jiyang.runtime", "health"]
CMD [".venv/bin/python", "-m", "gunicorn", "jiyang.wsgi", "-b", "0.0.0.0:8000", "-k", "gthread", "-w", "2", "--threads", "4", "--timeout", "120", "--no-control-socket"]
