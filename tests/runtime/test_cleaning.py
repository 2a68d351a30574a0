"""The nightly clean-up takes what outlived its use and leaves the rest."""

import datetime as dt
import os

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from jiyang.runtime import cleaning
from jiyang.workflow.models import Notice

pytestmark = pytest.mark.django_db


def test_sessions_and_read_notices_that_are_over_go(data_admin):
    now = timezone.now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - dt.timedelta(hours=1))
    Session.objects.create(session_key="live", session_data="", expire_date=now + dt.timedelta(hours=1))
    for text, read in (("旧", now - dt.timedelta(days=91)), ("新", now), ("未读", None)):
        Notice.objects.create(user=data_admin, text=text, read_at=read)
    gone = cleaning.clean(now)
    assert (gone["过期会话"], gone["已读通知"]) == (1, 1)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["live"]
    assert set(Notice.objects.values_list("text", flat=True)) == {"新", "未读"}


def test_only_our_own_old_files_go(tmp_path):
    now = timezone.now()
    names = ("jiyang-abc.xlsx", "tmpx.upload", "tmpy.upload.xlsx", "other.xlsx", "jiyang-new.xlsx")
    for name in names:
        (tmp_path / name).touch()
        if name != "jiyang-new.xlsx":
            os.utime(tmp_path / name, times=(now.timestamp() - 200_000,) * 2)
    (tmp_path / "jiyang-folder").mkdir()
    assert cleaning.clean_files(tmp_path, now - cleaning.OLD_FILE) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"other.xlsx", "jiyang-new.xlsx", "jiyang-folder"}
