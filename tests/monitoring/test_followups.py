"""What visits set in motion: items to look into, and proposals where the register says otherwise."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from households.enums import GuaranteeItem, GuaranteeState, IncomeKind
from households.models import GuaranteeCheck, Household, IncomeStatement
from households.services import guarantees, incomes
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.audit.models import AccessLog
from jiyang.workflow.models import Notice
from jiyang.workflow.tasks import counts
from monitoring.enums import Finding, Subject, Topic
from monitoring.models import FollowUp, RegisterChange, Visit
from monitoring.services import changes, followups
from monitoring.services.visits import record_visit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
TROUBLE = {
    "medical": "problem",
    "risk": "verify",
    "people_change": "changed",
    "income_change": "less",
    "notes": "要住院",
}


@pytest.fixture
def town_leader(db):
    return factories.user("town_leader", "仁风镇")


def visit_to(home, by, **changed) -> Visit:
    with acting_as(actor_for(by)):
        return record_visit(household=home, by=by, **factories.visit_answers(**changed))[0]


def check(home, item: str, state: str) -> None:
    with system_scope("测试"):
        GuaranteeCheck.objects.create(
            household=home, item=item, state=state, evidence="测试", done_on=factories.REGISTERED
        )


def test_each_problem_becomes_one_item_with_its_deadline(town_officer):
    home = factories.household()
    visit_to(home, town_officer, **TROUBLE)
    visit_to(home, town_officer, **TROUBLE)
    today = timezone.localdate()
    with system_scope("测试"):
        found = {item.topic: (item.due_on - today).days for item in FollowUp.objects.filter(household=home)}
    assert found == {Topic.MEDICAL: 7, Topic.RISK: 3, Topic.PEOPLE: 7}


def test_an_uneventful_visit_leaves_nothing(town_officer):
    home = factories.household(safe_water=True, dangerous_house=False)
    visit_to(home, town_officer)
    with system_scope("测试"):
        assert not FollowUp.objects.exists() and not RegisterChange.objects.exists()


def test_closing_an_item_and_every_refusal(town_officer):
    home, today = factories.household(), timezone.localdate()
    bystander = visit_to(factories.household(), town_officer, medical="problem").follow_ups
    visit = visit_to(home, town_officer, medical="problem")
    with acting_as(actor_for(town_officer)):
        item = visit.follow_ups.get()
        with pytest.raises(ValidationError) as refused:
            followups.close(
                record=item, by=town_officer, outcome=" ", settled_by="", settled_on=today + dt.timedelta(1)
            )
        assert set(refused.value.message_dict) == {"outcome", "settled_by", "settled_on"}
        with pytest.raises(ValidationError, match="不能早于发现日期"):
            followups.close(
                record=item, by=town_officer, outcome="已报", settled_by="刘洪", settled_on=dt.date(2021, 1, 1)
            )
        done = followups.close(
            record=item, by=town_officer, outcome="已报大病救助", settled_by="刘洪", settled_on=today
        )
        assert (done.state, done.closed_by, done.settled_on) == ("done", town_officer, today)
        with pytest.raises(ValidationError, match="已由刘洪"):
            followups.close(record=item, by=town_officer, outcome="再办", settled_by="刘洪", settled_on=today)
        assert bystander.get().state == "open"
        assert done.history.count() == 2
    visit_to(home, town_officer, medical="problem")
    with system_scope("测试"):
        assert FollowUp.objects.filter(household=home).open().count() == 1


def test_the_database_keeps_items_whole(town_officer):
    home = factories.household()
    item = {"household": home, "topic": Topic.RISK, "due_on": timezone.localdate()}
    with system_scope("测试"):
        FollowUp.objects.create(**item)
        with pytest.raises(IntegrityError, match="followup_one_open"), transaction.atomic():
            FollowUp.objects.create(**item)
        with pytest.raises(IntegrityError, match="followup_closed_pair"), transaction.atomic():
            FollowUp.objects.filter(topic=Topic.RISK).update(state="done")


def test_items_wait_for_their_officers_only(client, town_officer, other_officer):
    home = factories.household()
    item = visit_to(home, town_officer, medical="problem").follow_ups
    with system_scope("测试"):
        item.update(due_on=timezone.localdate() - dt.timedelta(2))
        pk = item.get().pk
    for user, expected, status in ((town_officer, (1, 1), 200), (other_officer, (0, 0), 404)):
        with acting_as(actor_for(user)) as actor:
            assert counts(actor)["follow_up"] == expected
        client.force_login(user)
        assert client.get(reverse("monitoring:followup_close", args=[pk])).status_code == status
        assert client.post(reverse("monitoring:followup_close", args=[pk]), {}).status_code == (
            422 if status == 200 else 404
        )


@pytest.mark.parametrize(
    ("stands", "answer", "proposed"),
    [("met", "problem", ("met", "not_met")), ("not_met", "fine", ("not_met", "met")), ("met", "fine", None),
     ("not_met", "problem", None), ("unchecked", "problem", None)],
)  # fmt: skip
def test_a_visit_that_contradicts_a_guarantee_proposes_and_never_overwrites(town_officer, stands, answer, proposed):
    home = factories.household()
    check(home, GuaranteeItem.HOUSING, stands)
    visit = visit_to(home, town_officer, housing=answer)
    with system_scope("测试"):
        found = [
            (one.old_value, one.new_value) for one in RegisterChange.objects.filter(visit=visit, subject="housing")
        ]
        assert guarantees.states_of(home)["housing"] == stands
    assert found == ([proposed] if proposed else [])


def test_what_the_roster_states_of_water_counts_until_a_check(town_officer):
    home = factories.household(safe_water=True)
    visit_to(home, town_officer, water="problem")
    with system_scope("测试"):
        assert RegisterChange.objects.get().old_shown == "达标"


def test_a_guarantee_is_written_only_when_another_person_agrees(town_officer, town_leader):
    home = factories.household()
    check(home, GuaranteeItem.HOUSING, GuaranteeState.MET)
    change = visit_to(home, town_officer, housing="problem", notes="屋顶漏雨").changes
    with acting_as(actor_for(town_officer)), pytest.raises(PermissionDenied):
        changes.decide(proposal=change.get(), by=town_officer, approve=True)
    with acting_as(actor_for(town_leader)):
        changes.decide(proposal=change.get(), by=town_leader, approve=True)
        assert guarantees.states_of(home)["housing"] == GuaranteeState.NOT_MET
        written = GuaranteeCheck.objects.order_by("-pk").first()
    assert "屋顶漏雨" in written.evidence and written.done_by == "张立国"
    assert Notice.objects.filter(user=town_officer).count() == 1


def test_maker_is_no_checker_even_with_the_right(district_clerk):
    home = factories.household()
    with acting_as(actor_for(district_clerk)):
        change = changes.propose(household=home, subject="address", new_value="村东 3 号", by=district_clerk)
        with pytest.raises(PermissionDenied, match="提交人"):
            changes.decide(proposal=change, by=district_clerk, approve=True)


@pytest.mark.parametrize(
    ("subject", "value", "field", "stored"),
    [("phone", "13912345678", "phone", "13912345678"), ("address", "李家坊村 12 号", "address", "李家坊村 12 号")],
)
def test_facts_are_written_through_the_register(town_officer, town_leader, subject, value, field, stored):
    home, bystander = factories.household(phone="13812346027"), factories.household(phone="13812340000")
    with acting_as(actor_for(town_officer)):
        change = changes.propose(household=home, subject=subject, new_value=value, by=town_officer)
    with acting_as(actor_for(town_leader)):
        changes.decide(proposal=change, by=town_leader, approve=True)
        after = Household.objects.get(pk=home.pk)
        assert getattr(after, field) == stored and after.version > home.version
        assert Household.objects.get(pk=bystander.pk).phone == "13812340000"


def test_an_income_estimate_becomes_a_statement_and_the_state(town_officer, town_leader):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        change = changes.propose(household=home, subject="income", new_value="8,640.5", by=town_officer)
    assert (change.new_shown, change.old_shown) == ("8,640.50 元", "未填")
    with acting_as(actor_for(town_leader)):
        changes.decide(proposal=change, by=town_leader, approve=True)
        statement = IncomeStatement.objects.get(household=home, kind=IncomeKind.ESTIMATE)
        state = Household.objects.select_related("state").get(pk=home.pk).state
    assert str(statement.per_head) == "8640.50" and statement.year == incomes.accounting_year(timezone.localdate())
    assert state.income_per_head == statement.per_head


def test_an_itemised_estimate_is_not_replaced_by_one_figure(town_officer):
    home = factories.household()
    year = incomes.accounting_year(timezone.localdate())
    with acting_as(actor_for(town_officer)):
        incomes.estimate_per_head(
            household=home, year=year, per_head=100, working="", by=town_officer, done_by="", on=timezone.localdate()
        )
        IncomeStatement.objects.filter(household=home).update(formula="2021-1")
        with pytest.raises(ValidationError, match="分项"):
            changes.propose(household=home, subject="income", new_value="900", by=town_officer)


def test_an_approval_checks_the_value_it_saw(town_officer, town_leader):
    home = factories.household(address="老住址")
    with acting_as(actor_for(town_officer)):
        change = changes.propose(household=home, subject="address", new_value="新住址", by=town_officer)
    with system_scope("测试"):
        Household.objects.filter(pk=home.pk).update(address="别人改过的住址")
    with acting_as(actor_for(town_leader)):
        with pytest.raises(ValidationError, match="已不是提交时的值"):
            changes.decide(proposal=change, by=town_leader, approve=True)
        change.refresh_from_db()
        assert change.is_open and Household.objects.get(pk=home.pk).address == "别人改过的住址"


@pytest.mark.parametrize(
    ("subject", "value", "message"),
    [("phone", "139", "11 位"), ("income", "很多", "金额"), ("income", "99999999", "不合理"), ("income", "1e30", "金额"), ("address", "", "请填写"),
     ("water", "unchecked", "请选择"), ("address", "老住址", "一样"), ("address", "村" * 121, "120")],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(town_officer, subject, value, message):
    home = factories.household(address="老住址")
    with acting_as(actor_for(town_officer)):
        with pytest.raises(ValidationError, match=message):
            changes.propose(household=home, subject=subject, new_value=value, by=town_officer)
        assert not RegisterChange.objects.exists()


def test_one_proposal_of_a_kind_waits_at_a_time(town_officer):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        changes.propose(household=home, subject="address", new_value="甲", by=town_officer)
        with pytest.raises(ValidationError, match="在等复核"):
            changes.propose(household=home, subject="address", new_value="乙", by=town_officer)


def test_telephone_numbers_are_stored_encrypted_and_shown_masked(client, town_officer, town_leader):
    home = factories.household(phone="13812346027")
    with acting_as(actor_for(town_officer)):
        change = changes.propose(household=home, subject=Subject.PHONE, new_value="13912345678", by=town_officer)
    client.force_login(town_leader)
    for url in (reverse("monitoring:change_detail", args=[change.pk]), reverse("monitoring:change_list"), "/tasks/"):
        page = client.get(url).content.decode()
        assert "139****5678" in page and "13912345678" not in page and "13812346027" not in page
    history = client.get(reverse("monitoring:change_history", args=[change.pk])).content.decode()
    assert "13912345678" not in history and "隐去" in history
    reveal = reverse("monitoring:change_reveal", args=[change.pk])
    assert client.post(reveal, {"field": "new_value"}).status_code == 422
    assert client.post(reveal, {"field": "reason", "purpose": "核对"}).status_code == 404
    assert client.post(reveal, {"field": "new_value", "purpose": "核对"}).json() == {"value": "13912345678"}
    assert AccessLog.objects.filter(kind="reveal", user=town_leader, row=change.pk, purpose="核对").count() == 1


def test_proposing_and_deciding_on_the_pages(client, town_officer, town_leader, other_officer):
    home = factories.household()
    visit = visit_to(home, town_officer)
    url = reverse("monitoring:change_new", args=[home.pk]) + f"?visit={visit.pk}"
    body = {"subject": "medical", "new_value": "", "guarantee": "not_met", "reason": "断保"}
    client.force_login(other_officer)
    assert client.post(url, body).status_code == 404
    client.force_login(town_officer)
    refused = client.post(url, {**body, "guarantee": ""})
    assert refused.status_code == 422 and "断保" in refused.content.decode()
    assert client.get(url + "0000").status_code == 404
    made = client.post(url, body)
    with system_scope("测试"):
        change = RegisterChange.objects.get()
    assert made.status_code == 302 and change.visit_id == visit.pk
    decide = reverse("monitoring:change_decide", args=[change.pk])
    client.force_login(other_officer)
    assert client.post(decide, {"decision": "approve"}).status_code == 403
    client.force_login(town_leader)
    client.post(decide, {"decision": "return", "reason": ""})
    client.post(decide, {"decision": "return", "reason": "先核对参保"})
    with system_scope("测试"):
        change.refresh_from_db()
    assert (change.state, change.decision_reason) == ("returned", "先核对参保")


def test_form_opens_with_what_the_register_says_is_not_met(client, town_officer):
    home = factories.household(safe_water=False)
    visit_to(home, town_officer)
    client.force_login(town_officer)
    form = client.get(reverse("monitoring:visit_new", args=[home.pk])).context["form"]
    assert form["water"].value() == Finding.PROBLEM and form["housing"].value() == Finding.FINE


def test_a_wanted_signature(client, town_officer):
    from jiyang.parameters.models import Parameter
    from jiyang.parameters.values import forget

    home = factories.household(tier="A")
    Parameter.objects.filter(key="visit.signature.tiers").update(value="A")
    forget()
    try:
        with acting_as(actor_for(town_officer)):
            with pytest.raises(ValidationError, match="须有签字"):
                record_visit(household=home, by=town_officer, **factories.visit_answers())
            record_visit(household=home, by=town_officer, **factories.visit_answers(method="phone"))
    finally:
        Parameter.objects.filter(key="visit.signature.tiers").update(value="无")
        forget()


def test_two_officers_on_one_day_keep_both_and_see_each_other(client, town_officer, grid_worker):
    home = factories.household()
    visit_to(home, grid_worker, notes="网格员来过")
    client.force_login(town_officer)
    assert "网格员来过" in client.get(reverse("monitoring:visit_new", args=[home.pk])).content.decode()
    mine = visit_to(home, town_officer, notes="专干也来过")
    receipt = client.get(reverse("monitoring:visit_receipt", args=[mine.pk])).content.decode()
    assert "也走访了这户" in receipt and "网格员来过" in receipt
    with system_scope("测试"):
        assert Visit.objects.filter(household=home).count() == 2


def test_nothing_is_written_to_a_household_that_was_closed_meanwhile(town_officer, district_clerk):
    home = factories.household()
    with acting_as(actor_for(town_officer)):
        change = changes.propose(household=home, subject=Subject.ADDRESS, new_value="村东 3 号", by=town_officer)
    with system_scope("测试"):
        Household.objects.filter(pk=home.pk).update(closed_on=dt.date(2021, 10, 1), close_reason="测试")
    with acting_as(actor_for(district_clerk)), pytest.raises(ValidationError, match="核减"):
        changes.decide(proposal=change, by=district_clerk, approve=True)
    with system_scope("测试"):
        home = Household.objects.get(pk=home.pk)
        assert home.address == ""
    with acting_as(actor_for(town_officer)), pytest.raises(ValidationError, match="核减"):
        changes.propose(household=home, subject=Subject.ADDRESS, new_value="村东 3 号", by=town_officer)
