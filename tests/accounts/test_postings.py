"""Postings: one asks, another grants; deputies stand in for the absent, and maker ≠ checker holds with them."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from households.ledgers import HouseholdLedger
from jiyang.access.scope import acting_as, actor_for
from jiyang.accounts.models import Posting, PostingRequest
from jiyang.workflow.models import Notice
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def url(act, *args):
    return reverse(f"accounts:{act}", args=args)


def days(number: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=number)


@pytest.fixture
def administrator():
    return factories.user("system_admin")


@pytest.fixture
def security():
    return factories.user("security_admin")


@pytest.fixture
def town_leader():
    return factories.user("town_leader", "仁风镇", name="张三")


def asking(client, user, **changes):
    answers = {
        "role": "town_officer", "town": factories.town("仁风镇").pk, "since": days(0), "last_day": days(29), "reason": "接替张立国",
    } | changes  # fmt: skip
    return client.post(url("posting_ask", user.pk), answers)


def test_a_posting_needs_two_administrators(client, administrator, security, outsider):
    client.force_login(administrator)
    assert asking(client, outsider).status_code == 302
    request = PostingRequest.objects.get()
    assert not outsider.postings.exists()
    assert Notice.objects.filter(user=security).exists()
    assert client.post(url("request_decide", request.pk), {"decision": "approve"}).status_code == 403
    client.force_login(security)
    assert "岗位待核准" in client.get(reverse("workflow:tasks")).content.decode()
    client.post(url("request_decide", request.pk), {"decision": "approve"})
    posting = outsider.postings.get()
    assert (posting.role, posting.region.name, posting.since, posting.last_day) == (
        "town_officer",
        "仁风镇",
        days(0),
        days(29),
    )
    assert "镇街扶贫专干（仁风镇）" in client.get(url("user_detail", outsider.pk)).content.decode()
    client.force_login(outsider)
    assert client.get(HouseholdLedger.url("list")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"role": "district_clerk"}, "应落在区县"),
        ({"town": ""}, "应落在镇街"),
        ({"role": "helper"}, "授权户"),
        ({"since": dt.date(2021, 1, 1)}, "不能早于今天"),
        ({"last_day": dt.date(2021, 1, 1)}, "止日要晚于起日"),
        ({"reason": ""}, "请填写事由"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_form_kept(client, administrator, outsider, changes, text):
    client.force_login(administrator)
    page = asking(client, outsider, **changes)
    assert page.status_code == 422 and text in page.content.decode()
    assert not PostingRequest.objects.exists()


def test_nobody_grants_to_themself_nor_holds_two_of_the_three_duties(client, administrator, security):
    client.force_login(administrator)
    assert "不能给自己申请" in asking(client, administrator).content.decode()
    page = asking(client, security, role="system_admin", town="")
    assert page.status_code == 422 and "不能由同一人兼任" in page.content.decode()
    district = administrator.postings.get().region
    with pytest.raises(IntegrityError, match="posting_three_duties"), transaction.atomic():
        Posting.objects.create(user=security, role="auditor", region=district, since=days(0))
    with pytest.raises(IntegrityError, match="posting_request_not_own"), transaction.atomic():
        PostingRequest.objects.create(user=security, role="auditor", submitted_by=security, reason="x")
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        PostingRequest.objects.create(
            user=security, role="auditor", submitted_by=administrator, decided_by=administrator, reason="x",
            decided_at=timezone.now(), state="approved",
        )  # fmt: skip


def test_prolonging_needs_two_and_ending_one(client, administrator, security, town_officer):
    posting = town_officer.postings.get()
    Posting.objects.filter(pk=posting.pk).update(until=days(10))
    client.force_login(administrator)
    assert "岗位将到期" in client.get(reverse("workflow:tasks")).content.decode()
    client.post(url("posting_prolong", posting.pk), {"last_day": days(99), "reason": "续任"})
    posting.refresh_from_db()
    assert posting.until == days(10)
    client.force_login(security)
    client.post(url("request_decide", PostingRequest.objects.get().pk), {"decision": "approve"})
    posting.refresh_from_db()
    assert posting.until == days(100)
    client.post(url("posting_end", posting.pk), {"reason": "调离"})
    posting.refresh_from_db()
    assert posting.until == days(0)
    client.force_login(town_officer)
    assert client.get(HouseholdLedger.url("list")).status_code == 403


def test_the_only_administrator_cannot_lose_the_posting(client, administrator, security):
    client.force_login(administrator)
    page = client.post(url("posting_end", security.postings.get().pk), {"reason": "调离"})
    assert page.status_code == 422 and "唯一的安全管理员" in page.content.decode()


def make_deputy(client, posting, deputy, **changes):
    answers = {"deputy": deputy.pk, "since": days(0), "last_day": days(6), "reason": "外出学习"} | changes
    return client.post(url("deputy", posting.pk), answers)


def test_a_deputy_has_the_absent_persons_role_and_region_and_shows_it(client, town_leader, grid_worker):
    home = factories.household(factories.village("仁风镇", 5))
    client.force_login(grid_worker)
    assert client.get(HouseholdLedger.url_of(home)).status_code == 404
    client.force_login(town_leader)
    assert make_deputy(client, town_leader.postings.get(), grid_worker).status_code == 302
    assert "代 张三" in client.get(url("me")).content.decode()
    made = grid_worker.postings.exclude(deputy_for=None).get()
    assert (made.role, made.region.name, made.last_day) == ("town_leader", "仁风镇", days(6))
    client.force_login(grid_worker)
    page = client.get(HouseholdLedger.url_of(home))
    assert page.status_code == 200 and "代 张三" in page.content.decode()
    assert actor_for(grid_worker, on=days(6)).stands_for == "张三"
    assert actor_for(grid_worker, on=days(7)).stands_for == ""


def test_who_may_make_a_deputy_of_whom(client, administrator, security, town_leader, town_officer, other_officer):
    officers, leaders = town_officer.postings.get(), town_leader.postings.get()
    stranger = factories.user("town_leader", "曲堤街道")
    client.force_login(stranger)
    assert make_deputy(client, officers, other_officer).status_code == 404
    client.force_login(town_officer)
    assert make_deputy(client, leaders, town_officer).status_code == 404
    client.force_login(town_leader)
    page = make_deputy(client, officers, other_officer)
    assert page.status_code == 422  # of another town: not among the choices
    assert make_deputy(client, officers, town_leader).status_code == 422
    grid = factories.user("grid_worker", factories.village())
    assert make_deputy(client, officers, grid, last_day=days(400)).status_code == 422
    assert make_deputy(client, officers, grid, last_day=dt.date.max).status_code == 422
    assert make_deputy(client, officers, grid).status_code == 302
    twice = make_deputy(client, officers, factories.user("grid_worker", factories.village()))
    assert twice.status_code == 422 and "代理，先结束它" in twice.content.decode()
    client.force_login(administrator)
    assert make_deputy(client, security.postings.get(), factories.user("district_clerk")).status_code == 404
    assert make_deputy(client, grid.postings.exclude(deputy_for=None).get(), town_leader).status_code == 404


def test_a_deputyship_ends_with_the_posting_and_by_hand(client, administrator, town_leader, town_officer, grid_worker):
    posting = town_leader.postings.get()
    client.force_login(town_leader)
    make_deputy(client, posting, grid_worker)
    deputy = grid_worker.postings.exclude(deputy_for=None).get()
    client.force_login(town_officer)
    assert client.post(url("deputy_end", deputy.pk)).status_code == 403
    client.force_login(grid_worker)
    client.post(url("deputy_end", deputy.pk))
    deputy.refresh_from_db()
    assert not deputy.is_on(days(0))
    client.force_login(town_leader)
    make_deputy(client, posting, town_officer, since=days(1))
    client.force_login(administrator)
    client.post(url("posting_end", posting.pk), {"reason": "调离"})
    assert not any(one.is_on(days(2)) for one in Posting.objects.filter(deputy_for=posting))


def test_the_database_holds_that_deputies_end_and_are_made_by_others(town_leader, grid_worker):
    posting = town_leader.postings.get()
    fields = {
        "user": grid_worker,
        "role": posting.role,
        "region": posting.region,
        "deputy_for": posting,
        "since": days(0),
    }
    for wrong in ({"entered_by": town_leader}, {"entered_by": grid_worker, "until": days(3)}, {"until": days(3)}):
        with pytest.raises(IntegrityError, match="posting_deputy"), transaction.atomic():
            Posting.objects.create(**fields, **wrong)


def ask_for(user, by) -> PostingRequest:
    """A request of `by` for a posting: a proposal that somebody has to check."""
    return PostingRequest.objects.create(
        user=user, role="town_officer", region=factories.town(), reason="接替", submitted_by=by, since=days(0)
    )


def test_with_one_checker_away_nothing_is_stuck_and_nobody_checks_their_own(client, administrator, security, outsider):
    """The only security administrator is away; the deputy checks others' work, not that of the absent, nor their own."""
    deputy = factories.user("district_clerk", name="李四")
    client.force_login(security)
    assert make_deputy(client, security.postings.get(), deputy).status_code == 302
    others, absents, own = ask_for(outsider, administrator), ask_for(outsider, security), ask_for(outsider, deputy)
    client.force_login(deputy)
    waiting = client.get(reverse("workflow:tasks")).content.decode()
    assert url("postingrequest_detail", others.pk) in waiting
    assert (
        url("postingrequest_detail", absents.pk) not in waiting and url("postingrequest_detail", own.pk) not in waiting
    )
    for refused in (absents, own):
        assert client.post(url("request_decide", refused.pk), {"decision": "approve"}).status_code == 403
        refused.refresh_from_db()
        assert refused.is_open
    client.post(url("request_decide", others.pk), {"decision": "approve"})
    others.refresh_from_db()
    assert others.state == "approved" and others.decided_by == deputy
    for page in (url("postingrequest_history", others.pk), url("postingrequest_detail", others.pk)):
        assert f"李四（代 {security.name}）" in client.get(page).content.decode()


def test_a_deputys_right_to_check_stays_in_the_absent_persons_place(other_officer, town_leader):
    """Standing in for a town's leader gives nobody a leader's right in their own town."""
    Posting.objects.create(
        user=other_officer, role="town_leader", region=factories.town(), deputy_for=town_leader.postings.get(), since=days(0),
        until=days(5), entered_by=town_leader,
    )  # fmt: skip
    actor = actor_for(other_officer)
    with acting_as(actor):
        assert {one.region.name for one in actor.held_for("household.tier") if one.stands_for} == {"仁风镇"}
        assert actor.barred("deputy.appoint") == {other_officer.pk, town_leader.pk}


def granted(client, user, administrator, security, **changes) -> None:
    """A posting asked for and granted, through the pages."""
    client.logout()
    client.force_login(administrator)
    assert asking(client, user, **changes).status_code == 302
    client.force_login(security)
    request = PostingRequest.objects.latest("pk")
    assert client.post(url("request_decide", request.pk), {"decision": "approve"}).status_code == 302
    request.refresh_from_db()
    assert request.state == "approved"


def test_what_was_ended_on_its_first_day_can_be_given_again(client, administrator, security, town_leader, grid_worker):
    client.force_login(town_leader)
    posting = town_leader.postings.get()
    for _ in range(2):
        assert make_deputy(client, posting, grid_worker).status_code == 302
        client.post(url("deputy_end", grid_worker.postings.filter(deputy_for=posting).latest("pk").pk))
    newcomer = factories.user(None)
    for _ in range(2):
        granted(client, newcomer, administrator, security)
        made = newcomer.postings.latest("pk")
        client.post(url("posting_end", made.pk), {"reason": "办错了"})
        assert not Posting.objects.on(days(0)).filter(user=newcomer).exists()


def test_a_request_that_time_has_overtaken_is_refused_with_words(client, administrator, security, outsider):
    auditor = factories.user("auditor")
    posting = auditor.postings.get()
    posting.until = days(5)
    posting.save()
    client.force_login(administrator)
    client.post(url("posting_prolong", posting.pk), {"last_day": days(40), "reason": "继续审计"})
    longer = PostingRequest.objects.get()
    granted(client, auditor, administrator, security, role="system_admin", town="", since=days(10), last_day="")
    told = client.post(url("request_decide", longer.pk), {"decision": "approve"}, follow=True)
    assert told.status_code == 200 and "不能由同一人兼任" in told.content.decode()
    client.force_login(administrator)
    asking(client, outsider)
    late = PostingRequest.objects.latest("pk")
    PostingRequest.objects.filter(pk=late.pk).update(since=days(-9), until=days(0))
    client.force_login(security)
    told = client.post(url("request_decide", late.pk), {"decision": "approve"}, follow=True)
    assert "止日已过" in told.content.decode() and not outsider.postings.exists()


def test_a_deputy_does_not_begin_before_the_posting_itself(client, town_leader, grid_worker):
    posting = town_leader.postings.get()
    posting.since = days(3)
    posting.save()
    client.force_login(town_leader)
    page = make_deputy(client, posting, grid_worker)
    assert page.status_code == 422 and "代理不能更早" in page.content.decode()
    assert make_deputy(client, posting, grid_worker, since=days(3)).status_code == 302
