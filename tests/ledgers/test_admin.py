"""管理后台: the ledgers in Django's admin, through the same walls, masks and two people as their own pages."""

import io

import openpyxl
import pytest
from django.urls import reverse

from households.models import Helper
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.audit.models import AccessLog
from jiyang.intake.models import Batch
from jiyang.ledgers import registry
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from tests import factories
from tests.buttons import push
from tests.ledgers.test_imports import GOOD, sheet
from tests.rows import any_row

pytestmark = pytest.mark.django_db(transaction=True)
LEDGERS = [ledger for ledger in registry.ledgers() if ledger.imports]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def url(ledger, page: str, *args) -> str:
    return reverse(f"admin:{ledger.model._meta.app_label}_{ledger.model._meta.model_name}_{page}", args=args)


HELPER = registry.get("households:helper")


def test_the_project_s_log_in_and_matrix_guard_it(client, town_officer):
    assert client.get("/admin/")["Location"].startswith(reverse("accounts:login"))
    assert client.get("/admin/login/")["Location"].startswith(reverse("accounts:login"))
    client.force_login(factories.user(None, is_superuser=True))
    assert client.get("/admin/").status_code == 403
    client.force_login(town_officer)
    assert client.get("/admin/").status_code == client.get(url(HELPER, "changelist")).status_code == 403
    client.force_login(factories.user("data_admin"))
    index = client.get("/admin/").content.decode()
    assert "帮扶责任人" in index and url(HELPER, "import") not in client.get(url(HELPER, "changelist")).content.decode()
    assert client.get(url(HELPER, "import")).status_code == 403


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_every_ledger_is_listed_read_only_in_chinese_and_within_the_policy(client, district_clerk, ledger):
    with system_scope("测试"):
        row = any_row(ledger.model, factories.household(), district_clerk)
    client.force_login(district_clerk)
    for page in ("changelist", "export", "import"):
        answer = client.get(url(ledger, page))
        text = answer.content.decode()
        assert (answer.status_code == 200 and ledger.title in text) or page == "export"
        assert "style=" not in text and "<style" not in text and "onclick" not in text and "onchange" not in text
    listed = client.get(url(ledger, "changelist")).content.decode()
    assert url(ledger, "change", row.pk) in listed and "/add/" not in listed and 'name="action"' not in listed
    assert client.get(url(ledger, "change", row.pk))["Location"] == ledger.url_of(row)
    assert client.get(f"{url(ledger, 'changelist')}{row.pk}/delete/").status_code == 404


@pytest.mark.django_db
def test_only_rows_in_reach_are_shown(client, district_clerk):
    with system_scope("测试"):
        any_row(Helper, factories.household(), district_clerk)
    elsewhere = Region.objects.create(level=Level.DISTRICT, code="370126000000", name="商河县")
    for user, number in ((district_clerk, 1), (factories.user("district_clerk", elsewhere), 0)):
        client.force_login(user)
        assert client.get(url(HELPER, "changelist")).context["cl"].result_count == number


def test_an_export_asks_for_its_purpose_and_is_masked_safe_and_logged(client, district_clerk):
    with system_scope("测试"):
        made = Helper(name="=1+1", office="区水务局", phone="13812345678")
        made.place_at(factories.town())
        made.save()
    client.force_login(district_clerk)
    page = url(HELPER, "export")
    assert client.post(page, {"format": "0", "resource": "0"}).headers["Content-Type"].startswith("text/html")
    answer = client.post(page, {"format": "0", "resource": "0", "purpose": "核对"})
    head, line = openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    assert "联系电话" in head and "138****5678" in line and "'=1+1" in line and "13812345678" not in line
    noted = AccessLog.objects.filter(kind="export").latest("pk")
    assert (noted.purpose, noted.rows) == ("核对", 1)


def test_an_import_is_previewed_confirmed_and_approved_by_another(client, district_clerk):
    district_clerk.is_superuser = True
    district_clerk.save()
    client.force_login(district_clerk)
    assert "请选择要上传的文件" in client.post(url(HELPER, "import")).content.decode()
    page = client.post(url(HELPER, "import"), {"file": sheet(GOOD, ["仁风镇", "", "", "", "", ""])}).content.decode()
    assert "张立国" in page and "请填写姓名；" in page and "138****6027" in page and "还没有写入" in page
    with acting_as(actor_for(district_clerk)):
        batch = Batch.objects.get()
        assert (batch.state, Helper.objects.count()) == ("checked", 0)
    confirmed = client.post(
        url(HELPER, "process_import"), {"batch": batch.pk, "seen": page.split('name="seen" value="')[1].split('"')[0]}
    )
    assert confirmed["Location"] == HELPER.url("import_batch", batch.pk)
    assert push(client, HELPER, "approve", batch).status_code == 403
    client.force_login(factories.user("town_leader", "仁风镇"))
    with acting_as(actor_for(factories.user("district_leader"))):
        assert Helper.objects.count() == 0
    client.force_login(factories.user("district_leader"))
    assert push(client, HELPER, "approve", batch).status_code == 302
    with acting_as(actor_for(district_clerk)):
        assert Helper.objects.get().origin_id == batch.pk


def test_nobody_confirms_the_batch_of_another(client, district_clerk):
    client.force_login(district_clerk)
    client.post(url(HELPER, "import"), {"file": sheet(GOOD)})
    with acting_as(actor_for(district_clerk)):
        batch = Batch.objects.get()
    client.force_login(factories.user("district_clerk"))
    assert client.post(url(HELPER, "process_import"), {"batch": batch.pk}).status_code == 404
    assert client.post(url(HELPER, "process_import"), {"batch": "x"}).status_code == 404
