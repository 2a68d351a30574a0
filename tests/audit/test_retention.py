"""Old lines of the access log move to a file; the younger ones nobody can take out."""

import datetime as dt
import gzip
import json

import pytest
from django.db import connection
from django.utils import timezone

from jiyang.audit import retention
from jiyang.audit.models import AccessLog
from jiyang.parameters.models import Parameter

pytestmark = pytest.mark.django_db


def line(days_ago: int) -> int:
    """A log line of a past day, as the clock would have written it: the log takes no other day from the web role."""
    at = timezone.now() - dt.timedelta(days=days_ago)
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into audit_accesslog (at, kind, "table", columns, purpose) values (%s, %s, %s, %s, %s) returning id',
            [at, "export", "households.household", "", "测试"],
        )
        return cursor.fetchone()[0]


def test_lines_older_than_the_parameter_move_to_a_file(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    old, older, young = line(190), line(400), line(170)
    today = timezone.localdate()
    assert retention.archive(today) == (2, f"access_log/{today}.jsonl.gz")
    assert set(AccessLog.objects.values_list("pk", flat=True)) == {young}
    with gzip.open(tmp_path / f"access_log/{today}.jsonl.gz", "rt") as packed:
        assert [json.loads(text)["id"] for text in packed] == [old, older]
    assert retention.archive(today) == (0, "")
    again = line(200)
    assert retention.archive(today) == (1, f"access_log/{today}-2.jsonl.gz") and again


def test_six_months_stay_whatever_the_parameter_says(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    Parameter.objects.filter(key="audit.retention_days").update(value=1)
    from jiyang.parameters.values import forget

    forget()
    young = line(170)
    assert retention.archive(timezone.localdate()) == (0, "")
    assert AccessLog.objects.filter(pk=young).exists()
    forget()
