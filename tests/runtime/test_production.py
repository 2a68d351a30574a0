"""The production shape: what the compose file and the image promise, and the health check they call."""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml
from django.conf import settings

from jiyang.runtime.__main__ import health

ROOT = settings.BASE_DIR
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
IMAGE = (ROOT / "Dockerfile").read_text()
OURS = ("migrate", "web", "worker", "beat")
SECRETS = {
    "JIYANG_SECRET_KEY",
    "JIYANG_FIELD_KEY",
    "JIYANG_INDEX_KEY",
    "WEB_PASSWORD",
    "OWNER_PASSWORD",
    "POSTGRES_PASSWORD",
}


def test_every_service_of_the_product_is_there_and_no_other():
    assert set(SERVICES) == {"postgres", "redis", *OURS}


def test_no_secret_has_a_default_or_stands_in_the_files():
    text = (ROOT / "docker-compose.yml").read_text()
    named = re.findall(r"\$\{(\w+)(:\?|:-|\})", text)
    assert {name for name, _ in named} >= SECRETS
    assert {kind for _, kind in named} == {":?"}  # compose refuses to start where one is missing or empty
    assert not any(f"{name}=" in IMAGE for name in SECRETS)
    assert ".env" in (ROOT / ".dockerignore").read_text().split()


def test_only_migrate_knows_the_owner():
    knows = [name for name, spec in SERVICES.items() if "DATABASE_OWNER_URL" in spec.get("environment", {})]
    assert knows == ["migrate"]
    assert "jiyang_web:" in SERVICES["migrate"]["environment"]["DATABASE_URL"]
    assert "JIYANG_DB_ROLE=owner" in SERVICES["migrate"]["command"] and "DEBUG" not in str(SERVICES)


@pytest.mark.parametrize("service", ["postgres", "redis", "worker", "beat"])
def test_a_service_says_whether_it_is_well(service):
    assert SERVICES[service]["healthcheck"]["test"]


def test_the_database_counts_as_ready_only_over_tcp():
    assert "-h 127.0.0.1" in SERVICES["postgres"]["healthcheck"]["test"][1]


def test_web_worker_and_beat_wait_for_the_migration_and_share_the_documents():
    for service in ("web", "worker", "beat"):
        assert SERVICES[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[service]["volumes"] == ["files:/data"]
    assert set(COMPOSE["volumes"]) == {"database", "queue", "files"}
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]  # TLS stands in front


def test_the_image_runs_as_nobody_special_with_its_static_files_in_it():
    lines = IMAGE.splitlines()
    assert lines.index("USER jiyang") < next(i for i, line in enumerate(lines) if line.startswith("CMD"))
    assert "collectstatic" in IMAGE and "--require-hashes" in IMAGE
    assert json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", IMAGE, re.M)[1])[-1] == "health"


def test_the_commands_of_the_services_exist():
    for service in ("worker", "beat"):
        assert re.match(r"\.venv/bin/python -m celery -A jiyang (worker|beat) ", SERVICES[service]["command"])
    assert "manage.py migrate --noinput && .venv/bin/python manage.py prepare" in SERVICES["migrate"]["command"]


@pytest.mark.django_db(transaction=True)
def test_the_health_check_asks_by_a_name_the_site_serves(live_server, settings, monkeypatch):
    settings.ALLOWED_HOSTS = ["ffp.example.gov.cn"]
    port = live_server.url.rsplit(":", 1)[1]
    monkeypatch.setenv("JIYANG_HOSTS", "ffp.example.gov.cn,other.example")
    assert health([port]) == 0
    monkeypatch.setenv("JIYANG_HOSTS", "wrong.example")
    assert health([port]) == 1


def test_several_proxies_may_stand_in_front():
    code = "from django.conf import settings as s; print(s.AXES_IPWARE_PROXY_COUNT, s.SECURE_PROXY_SSL_HEADER)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "JIYANG_PROXIES": "2"}, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout.strip() == "2 ('HTTP_X_FORWARDED_PROTO', 'https')"
