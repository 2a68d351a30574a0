"""A backup holds everything and comes back into an empty system only, whole or not at all."""

import json
import os
import tarfile
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection

from households.models import Household, Person
from jiyang import env
from jiyang.access.scope import acting_as, system_scope
from jiyang.accounts.models import User
from jiyang.audit import chain
from jiyang.audit.models import Seal
from jiyang.documents.models import Attachment
from jiyang.runtime import backup
from monitoring.services.visits import record_visit
from tests import factories
from tests.audit.test_chain import all_over
from tests.monitoring.test_visits import picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def owner(settings, tmp_path, db):
    """Commands run as the owner here; `as_web` goes back to the product's own role."""
    settings.MEDIA_ROOT = tmp_path / "files"
    web = connection.settings_dict["USER"]
    yield
    _login(web)


def _login(user: str) -> None:
    connection.close()
    connection.settings_dict["USER"] = user


def run(action: str, path, *, role: str = "DATABASE_OWNER_URL") -> tuple[int, dict]:
    out, code, web = StringIO(), 0, connection.settings_dict["USER"]
    _login(env.database(os.environ[role])["USER"])
    try:
        call_command("backup", action, str(path), "--json", stdout=out)
    except SystemExit as left:
        code = left.code
    finally:
        _login(web)
    return code, json.loads(out.getvalue())


def everybody() -> list[dict]:
    rows = Person.objects.order_by("pk").values()
    return [{name: bytes(one) if isinstance(one, memoryview) else one for name, one in row.items()} for row in rows]


def empty() -> None:
    from django.conf import settings

    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    for path in backup._files():
        path.unlink()
    assert not User.objects.exists() and settings.MEDIA_ROOT.exists()


@pytest.fixture
def filled(town_officer):
    household = factories.household(tier="A", members=3)
    with acting_as(factories.acting(town_officer)):
        record_visit(
            household=household,
            by=town_officer,
            photos=[SimpleUploadedFile("门前.jpg", picture(), "image/jpeg")],
            **factories.visit_answers(),
        )
    all_over()
    with system_scope("测试"):
        chain.seal()
        return household, everybody()


def test_a_backup_comes_back_whole(filled, tmp_path):
    household, people = filled
    with system_scope("测试"):
        attachment = Attachment.objects.get()
        stored = attachment.file.read()
    path = tmp_path / "one.backup"
    code, made = run("create", path)
    assert code == 0 and made["files"] == 1 and made["tables"] > 50 and made["rows"] > 100
    assert path.stat().st_mode & 0o777 == 0o600
    empty()
    assert run("restore", path) == (0, made)
    with system_scope("测试"):
        assert everybody() == people
        assert Household.objects.get().pk == household.pk
        assert Attachment.objects.get().file.read() == stored
        before = chain.verify()
    assert before.ok and before.rows > 0
    later = factories.household(members=1)  # keys, triggers, walls and chain go on
    assert later.pk > household.pk
    all_over()
    with system_scope("测试"):
        assert chain.seal() > 0
        after = chain.verify()
    assert after.rows > before.rows and after.ok
    assert run("create", tmp_path / "two.backup")[1]["rows"] > made["rows"]


def test_no_number_of_a_person_is_readable_in_the_file(filled, tmp_path):
    path = tmp_path / "one.backup"
    run("create", path)
    with system_scope("测试"):
        numbers = [person.id_number for person in Person.objects.all()]
    assert numbers and not any(number.encode() in path.read_bytes() for number in numbers)


def test_a_system_with_data_takes_none(filled, tmp_path):
    path = tmp_path / "one.backup"
    run("create", path)
    code, answer = run("restore", path)
    assert (
        code == 2 and "只能恢复到空系统" in answer["error"]["message"] and "accounts_user" in answer["error"]["message"]
    )
    with system_scope("测试"):
        assert Household.objects.count() == 1


def test_other_keys_take_none(filled, tmp_path, settings):
    path = tmp_path / "one.backup"
    run("create", path)
    empty()
    settings.INDEX_KEY = "another"
    code, answer = run("restore", path)
    assert code == 2 and "密钥与备份时不同" in answer["error"]["message"] and not User.objects.exists()


@pytest.mark.parametrize("harm", ["cut", "table", "noise"])
def test_a_damaged_file_leaves_nothing(filled, tmp_path, harm):
    path = tmp_path / "one.backup"
    run("create", path)
    empty()
    data = bytearray(path.read_bytes())
    if harm == "cut":
        data = data[: len(data) // 2]
    elif harm == "noise":
        data = bytearray(b"not a backup")
    else:
        with tarfile.open(path) as archive:
            data[archive.getmember("tables/households_household").offset_data] ^= 1
    path.write_bytes(data)
    code, answer = run("restore", path)
    assert code == 2 and "没有恢复任何数据" in answer["error"]["message"]
    assert not User.objects.exists() and list(backup._files()) == []


def test_the_web_role_cannot_make_one_and_a_file_is_not_written_over(filled, tmp_path):
    path = tmp_path / "one.backup"
    code, answer = run("create", path, role="DATABASE_URL")
    assert code == 2 and "属主" in answer["error"]["message"] and not path.exists()
    path.touch()
    assert "已经存在" in run("create", path)[1]["error"]["message"]


def test_history_from_an_older_cluster_goes_on_in_a_young_one(filled, tmp_path):
    """The restored history carries transaction numbers far above this cluster's; what follows is sealed all the same."""
    from tests.audit.test_chain import behind_the_back

    far = 10_000_000_000
    behind_the_back(
        f"delete from audit_seal; update households_householdevent set pgh_xid = '{far}'::xid8;"
        f" update households_personevent set pgh_xid = '{far}'::xid8"
    )
    path = tmp_path / "one.backup"
    run("create", path)
    empty()
    assert run("restore", path)[0] == 0
    try:
        all_over()
        with system_scope("测试"):
            assert chain.seal() > 0 and Seal.objects.filter(until_xid__gt=far).exists()
        factories.household()
        all_over()
        with system_scope("测试"):
            assert chain.seal() > 0 and chain.verify().ok
    finally:
        behind_the_back(f"{chain.OFFSET} 'select 0::bigint'")
