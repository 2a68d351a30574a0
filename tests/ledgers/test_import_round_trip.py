"""The list's own export comes back: its headings are understood, its masked numbers told and left alone, nothing changes."""

import io

import openpyxl
import pytest
from django.db.models import Count
from django.utils import timezone

from households.models import Household, Person
from jiyang.access.scope import system_scope
from jiyang.intake.models import Batch
from jiyang.ledgers import registry
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from tests import factories
from tests.ledgers.test_imports_of_each import LEDGERS, head_of, line, rows, send, take_in

pytestmark = pytest.mark.django_db(transaction=True)
PHONES = {
    "households:helper": "联系电话",
    "households:case": "监测联系人电话",
    "employment:spell": "电话号码",
    "employment:plan": "电话号码",
}


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def exported(client, ledger, user) -> list[dict[str, str]]:
    """The lines of the list's own export."""
    client.force_login(user)
    answer = client.post(ledger.url("export"), {"purpose": "核对"})
    head, *lines = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.iter_rows(
        values_only=True
    )
    return [dict(zip(head, one, strict=True)) for one in lines]


def page_of(client, ledger, batch: Batch):
    return client.get(ledger.url("import_batch", batch.pk))


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_the_own_export_comes_back_as_the_same(client, ledger):
    home = factories.household()
    phone = {PHONES[ledger.key]: "13812345678"} if ledger.key in PHONES else {}
    take_in(client, ledger, line(ledger, home) | phone)
    before = rows(ledger)
    clerk = factories.user("district_clerk")
    lines = exported(client, ledger, clerk)
    batch = send(client, clerk, ledger, *lines)
    page = page_of(client, ledger, batch)
    assert batch.counts["same"] == len(lines) == 1 and page.context["shown"] == [] == batch.columns["unknown"]
    assert set(page.context["plan"].hidden) == {name for name, text in lines[0].items() if "*" in (text or "")}
    assert all(f"“{name}”有 1 格是打了星号的号码" in page.content.decode() for name in phone)
    assert [one.version for one in rows(ledger)] == [one.version for one in before]


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda one: one.key)
def test_a_change_in_the_own_export_is_read_by_the_lists_heading(client, ledger):
    take_in(client, ledger, line(ledger, factories.household()))
    clerk = factories.user("district_clerk")
    (one,) = exported(client, ledger, clerk)
    heading, new = {
        "villages:year": ("危房户", "3"),
        "households:helper": ("帮扶（选派）单位", "区水务局"),
        "households:case": ("信息采集人", "李强"),
        "policies:leaflet": ("签收人", "李强"),
    }.get(ledger.key, ("务工所在县" if ledger.key == "employment:spell" else "计划务工所在县", "章丘区"))
    batch = send(client, clerk, ledger, one | {heading: new})
    (change,) = page_of(client, ledger, batch).context["shown"][0].changes
    assert batch.counts["update"] == 1 and change[2] == new


@pytest.mark.parametrize("key", ["households:case", "employment:plan"])
def test_rows_of_a_household_that_has_left_come_back_and_no_new_ones(client, key):
    ledger, homes = registry.get(key), [factories.household(), factories.household()]
    take_in(client, ledger, line(ledger, homes[0]))
    with system_scope("测试"):
        Household.objects.filter(pk__in=[one.pk for one in homes]).update(
            closed_on=timezone.localdate(), close_reason="整户迁出"
        )
    officer = factories.user("town_officer", "仁风镇")
    (one,) = exported(client, ledger, officer)
    assert send(client, officer, ledger, one).counts["same"] == 1
    batch = send(
        client, officer, ledger, *[line(ledger, home, changed="李强") for home in (homes[0], homes[0], *homes)]
    )
    lines = page_of(client, ledger, batch).context["plan"].lines
    assert [one.action for one in lines] == ["update", "refused", "refused", "refused"]
    assert "与第 2 行重复" in lines[1].problems[0][1] and "已于" in lines[3].problems[0][1]


def test_a_village_is_told_by_its_town_too(client):
    ledger = registry.get("villages:year")
    with system_scope("测试"):
        villages = Region.objects.at(Level.VILLAGE).live()
        name = villages.values("name").annotate(many=Count("town", distinct=True)).filter(many__gt=1)[0]["name"]
        one, other = villages.filter(name=name).select_related("town").order_by("town__code")[:2]
        far = Region.objects.at(Level.TOWN).exclude(pk__in=villages.filter(name=name).values("town"))[0]
    clerk, count = factories.user("district_clerk"), {"年度": "2021", "总户数": "312"}
    batch = send(
        client, clerk, ledger, *[{"镇街": town, "行政村": name, **count} for town in (one.town.name, other.town.name, far.name, "")]
    )  # fmt: skip
    lines = page_of(client, ledger, batch).context["plan"].lines
    assert [one.action for one in lines] == ["insert", "insert", "refused", "refused"]
    assert f"没有“{far.name} {name}”" in lines[2].problems[0][1] and "请写明镇街" in lines[3].problems[0][1]


def test_members_of_one_name_are_told_by_their_number(client):
    ledger, home = registry.get("employment:plan"), factories.household()
    with system_scope("测试"):
        people = list(Person.objects.filter(household=home).order_by("pk"))
        for place, one in enumerate(people):
            one.name, one.person_no = "王芳", f"3700{home.pk}{place}"
            one.save()
    named = [{"户编号": home.household_no, "姓名": one.person_no, "是否计划务工": "是"} for one in people]
    take_in(client, ledger, *named)
    officer = factories.user("town_officer", "仁风镇")
    assert send(client, officer, ledger, *exported(client, ledger, officer)).counts["same"] == len(people)


@pytest.mark.parametrize(("number", "told"), [("138****5678", ""), ("139****5678", "与台账里的号码不一样")])
def test_a_masked_number_is_compared_and_never_written(client, number, told):
    ledger, home = registry.get("employment:spell"), factories.household()
    take_in(client, ledger, line(ledger, home))
    batch = send(
        client,
        factories.user("town_officer", "仁风镇"),
        ledger,
        line(ledger, home, changed="章丘区") | {"电话号码": number},
    )
    (one,) = page_of(client, ledger, batch).context["plan"].lines
    if told:
        ((name, text),) = one.problems
        assert name == "电话号码" and told in text and "是打了星号的号码" in text
    else:
        assert [name for name, *_ in one.changes] == ["务工所在县"]


def test_a_masked_number_of_a_new_row_is_refused_at_its_cell(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    known = line(ledger, home) | {"电话号码": "138****5678", "证件号码": ""}
    alone = {
        **known,
        "户编号": "",
        "姓名": "",
        "电话号码": "",
        "证件号码": f"{head_of(home).id_number[:6]}********1234",
    }
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, known, alone)
    first, second = page_of(client, ledger, batch).context["plan"].lines
    assert first.problems == [("电话号码", "F2 是打了星号的号码，不能写入。请填全部数字")]
    assert ("证件号码", "I3 是打了星号的号码，没有读。请填全部数字") in second.problems


def test_what_a_known_row_may_not_become_is_told_at_its_column(client):
    ledger, home = registry.get("employment:spell"), factories.household()
    take_in(client, ledger, line(ledger, home))
    batch = send(client, factories.user("town_officer", "仁风镇"), ledger, line(ledger, home) | {"结束时间": "2020-01"})
    (one,) = page_of(client, ledger, batch).context["plan"].lines
    assert one.action == "refused" and one.problems == [("结束时间", "结束时间不能早于开始时间")]
