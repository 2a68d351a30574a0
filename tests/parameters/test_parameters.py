"""Parameters: a value is proposed with its document and activated by a second person; what a past day used stays."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for
from jiyang.parameters import values
from jiyang.parameters.catalogue import origins
from jiyang.parameters.kinds import compose, kind_of, parts_of, problem, words
from jiyang.parameters.models import Parameter, ParameterChange
from tests import factories

pytestmark = pytest.mark.django_db
KEY = "visit.A.days"


@pytest.fixture(autouse=True)
def fresh_values():
    values.forget()
    yield
    values.forget()


@pytest.fixture
def leader():
    return factories.user("district_leader")


@pytest.fixture
def post(client, django_capture_on_commit_callbacks):
    """POST with what follows a commit, as outside of a test's transaction."""

    def send(name, *args, **answers):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse(f"parameters:{name}", args=args), answers)

    return send


def days(number: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=number)


def change() -> ParameterChange:
    return ParameterChange.objects.latest("pk")


def test_a_new_value_waits_for_a_second_person_and_begins_on_its_day(client, post, district_clerk, leader, data_admin):
    client.force_login(data_admin)
    answer = post("parameter_value", KEY, value="20", since=days(3), source="济农发〔2026〕8 号")
    assert answer.status_code == 302 and answer["Location"] == reverse("parameters:change_detail", args=[change().pk])
    assert values.get(KEY, on=days(3)).value == 15
    assert post("change_decide", change().pk, decision="approve").status_code == 403
    client.force_login(leader)
    assert "参数待复核" in client.get(reverse("workflow:tasks")).content.decode()
    assert "<del>15</del>" in client.get(reverse("parameters:change_detail", args=[change().pk])).content.decode()
    post("change_decide", change().pk, decision="approve")
    assert [values.get(KEY, on=days(n)).value for n in (-100, 0, 2, 3, 400)] == [15, 15, 15, 20, 20]
    assert values.get(KEY, on=days(3)).confirmed and not values.get(KEY).confirmed
    row = Parameter.objects.get(key=KEY, since=days(3))
    assert (row.entered_by, row.confirmed_by, row.source) == (data_admin, leader, "济农发〔2026〕8 号")
    page = client.get(reverse("parameters:parameter_detail", args=[KEY])).content.decode()
    assert "过去用过的值不改写" in page and "将生效" in page and "走访" in page


@pytest.mark.parametrize(
    ("key", "answers", "text"),
    [
        (KEY, {"value": "十五"}, "应为数字"),
        (KEY, {"value": "-1"}, "不能是负数"),
        (KEY, {"value": "15.5"}, "应为整数"),
        (KEY, {"value": "20", "since": dt.date(2021, 6, 1)}, "过去用过的值不能改写"),
        (KEY, {"value": "20", "since": dt.date(2021, 1, 1)}, "已有自 2021-01-01 起的值"),
        (KEY, {"value": "20", "last_day": dt.date(2021, 1, 1)}, "最后一天不能早于生效日期"),
        (KEY, {"value": "20", "last_day": dt.date(2999, 1, 1)}, "之后没有有效值"),
        (KEY, {"value": "20", "last_day": dt.date.max}, "最后一天太远"),
        (KEY, {"value": "36526"}, "不能超过 36,525 天"),
        (KEY, {"value": "20", "source": ""}, "请填写依据文件"),
        ("distribution.abc", {"value_A": "50", "value_B": "30", "value_C": "30"}, "合计应为 100，现在是 110"),
        ("distribution.abc", {"value_A": "50", "value_B": "30"}, "请填写C"),
        ("loan.max", {"value": "0.123"}, "最多两位小数"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_form_kept(client, post, data_admin, key, answers, text):
    client.force_login(data_admin)
    page = post("parameter_value", key, **{"since": days(0), "source": "文件甲", **answers})
    assert page.status_code == 422 and text in page.content.decode()
    assert not ParameterChange.objects.exists()


def test_a_value_for_days_that_had_none_may_lie_in_the_past(client, post, data_admin, leader):
    client.force_login(data_admin)
    post("parameter_value", "dibao.rural.month", value="536", since=dt.date(2021, 1, 1), source="济民发〔2021〕3 号")
    client.force_login(leader)
    post("change_decide", change().pk, decision="approve")
    assert values.get("dibao.rural.month", on=dt.date(2020, 6, 1)).value == 494
    assert values.get("dibao.rural.month", on=dt.date(2021, 6, 1)).value == 536


def test_confirming_a_value_takes_a_document_and_two_people(client, post, district_clerk, leader):
    row = Parameter.objects.get(key=KEY)
    client.force_login(district_clerk)
    assert post("parameter_confirm", row.pk, source="").status_code == 422
    post("parameter_confirm", row.pk, source="济农发〔2021〕5 号")
    assert "已有一项核实" in post("parameter_confirm", row.pk, source="又一次").content.decode()
    assert (
        post("change_decide", change().pk, decision="approve").status_code == 403
    )  # a clerk may check, but not their own
    assert values.get(KEY).badge == "未经核实"
    client.force_login(leader)
    post("change_decide", change().pk, decision="approve")
    assert values.get(KEY).badge == "已核实" and values.get(KEY).value == 15
    row.refresh_from_db()
    assert row.confirmed_by == leader and row.source == "济农发〔2021〕5 号"


def test_returned_and_withdrawn_changes_change_nothing(client, post, data_admin, leader):
    client.force_login(data_admin)
    post("parameter_value", KEY, value="20", since=days(0), source="文件甲")
    second = post("parameter_value", KEY, value="21", since=days(1), source="文件乙")
    assert second.status_code == 422 and "等待复核" in second.content.decode()
    client.force_login(leader)
    post("change_decide", change().pk, decision="return", reason="")
    assert change().state == "submitted"
    post("change_decide", change().pk, decision="return", reason="文号不对")
    assert change().state == "returned" and values.get(KEY).value == 15
    client.force_login(data_admin)
    assert "文号不对" in client.get(reverse("parameters:change_detail", args=[change().pk])).content.decode()
    post("parameter_value", KEY, value="20", since=days(0), source="文件甲")
    post("change_withdraw", change().pk)
    assert change().state == "withdrawn" and values.get(KEY).value == 15


def test_an_approval_that_comes_too_late_is_refused(client, post, data_admin, leader):
    client.force_login(data_admin)
    post("parameter_value", KEY, value="20", since=days(0), source="文件甲")
    ParameterChange.objects.update(since=days(-2))
    client.force_login(leader)
    post("change_decide", change().pk, decision="approve")
    assert change().state == "submitted" and values.get(KEY, on=days(-1)).value == 15
    page = client.get(reverse("parameters:change_detail", args=[change().pk])).content.decode()
    assert "过去用过的值不能改写" in page


def test_a_districts_own_value_comes_before_the_general_one(client, post, data_admin, leader, town_officer):
    client.force_login(data_admin)
    district = factories.town().district
    post("parameter_value", KEY, value="10", since=days(0), source="区文件", region=district.pk)
    client.force_login(leader)
    post("change_decide", change().pk, decision="approve")
    with acting_as(actor_for(town_officer)):
        assert values.get(KEY).value == 10
    assert values.get(KEY, district=district.pk + 100_000).value == 15


def test_the_database_holds_two_people_and_one_value_a_day(data_admin):
    row = Parameter.objects.get(key=KEY)
    with pytest.raises(IntegrityError, match="parameter_one_a_day"), transaction.atomic():
        Parameter.objects.create(key=KEY, title="x", value=1, since=days(0), source="x", mark="D")
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        ParameterChange.objects.create(
            key=KEY, title="x", value=1, since=days(0), source="x", parameter=row, submitted_by=data_admin,
            decided_by=data_admin, decided_at=timezone.now(), state="approved",
        )  # fmt: skip


def test_the_list_is_filtered_and_names_who_is_to_confirm(client, district_clerk, django_assert_max_num_queries):
    client.force_login(district_clerk)
    client.get(reverse("parameters:parameter_list"))

    def keys(query: str) -> list[str]:
        page = client.get(f"{reverse('parameters:parameter_list')}?{query}")
        return [line["key"] for group in page.context["groups"] for line in group["lines"]]

    with django_assert_max_num_queries(8):
        assert len(keys("")) == Parameter.objects.values("key").distinct().count()
    assert set(keys("app=archives")) == {"archive.stamp_mm"}
    assert "dibao.rural.month" in keys("state=missing") and KEY not in keys("state=missing")
    assert set(keys("ask=农商行")) == {"loan.max", "loan.months"}
    assert keys("q=走访间隔") == ["visit.A.days", "visit.B.days", "visit.C.days"]
    page = client.get(reverse("parameters:unconfirmed")).content.decode()
    for text in ("市民政局", "济南市 2021—2024 年城乡低保标准", "区档案馆", "A类走访间隔"):
        assert text in page


@pytest.mark.parametrize("role", ["town_officer", "grid_worker", "helper", "insurer"])
def test_others_do_not_see_parameters(client, role):
    client.force_login(factories.user(role, {"town_officer": "仁风镇", "grid_worker": factories.village()}.get(role)))
    for name, args in (("parameter_detail", [KEY]), ("parameter_value", [KEY]), ("unconfirmed", [])):
        assert client.get(reverse(f"parameters:{name}", args=args)).status_code == 403


def test_every_declared_key_says_its_app_and_is_of_a_kind(db):
    for row in Parameter.objects.all():
        assert row.key in origins(), row.key
        assert problem(row.value, kind_of(row.value, row.unit), row.value) == "", row.key
        answers = {name: former for name, _, former in parts_of(row.value)}
        assert compose(answers, row.value) == row.value
    assert words({"A": 50, "B": 12.5}) == "A 50，B 12.5" and words([45, 16]) == "45 × 16" and words(6000) == "6,000"


def test_a_value_for_some_days_leaves_no_day_without_one(client, post, data_admin, leader):
    client.force_login(data_admin)
    post("parameter_value", KEY, value="20", since=days(30), source="济农发〔2026〕8 号")
    client.force_login(leader)
    post("change_decide", change().pk, decision="approve")
    client.force_login(data_admin)
    gap = post("parameter_value", KEY, value="18", since=days(3), last_day=days(9), source="济农发〔2026〕9 号")
    assert gap.status_code == 422 and "之后没有有效值" in gap.content.decode()
    over = post("parameter_value", KEY, value="18", since=days(3), last_day=days(40), source="济农发〔2026〕9 号")
    assert over.status_code == 422 and "起已有值" in over.content.decode()
    post("parameter_value", KEY, value="18", since=days(3), last_day=days(29), source="济农发〔2026〕9 号")
    client.force_login(leader)
    post("change_decide", change().pk, decision="approve")
    assert [values.get(KEY, on=days(number)).value for number in (2, 3, 29, 30)] == [15, 18, 18, 20]


def test_shares_with_decimals_come_to_a_hundred(client, post, data_admin):
    client.force_login(data_admin)
    answers = {"value_A": "33.4", "value_B": "49.3", "value_C": "17.3"}
    assert post("parameter_value", "distribution.abc", since=days(0), source="文件甲", **answers).status_code == 302
    assert kind_of(change().value, "%").value == "shares"
