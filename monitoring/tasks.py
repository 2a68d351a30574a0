"""Scheduled work of visits."""

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from jiyang.access.scope import acting_as, actor_for
from jiyang.accounts.models import User
from jiyang.regions.models import Region
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import scheduled
from monitoring.services import hits, last_visits, reminders

__all__ = [
    "last_visits",
    "remind_of_visits",
    "run_rules",
    "run_rules_of",
]  # last_visits takes part in the nightly re-derivation


RUNNING_AT_MOST = 900  # seconds after which a pass that never ended no longer bars another


@scheduled("visit.due", cron="0 7 * * *", title="走访到期提醒", per="district")
def remind_of_visits(run: JobRun) -> dict:
    return reminders.remind(run.span.last)


@scheduled("monitoring.rules", cron="30 2 * * *", title="规则巡检", per="district", results="monitoring:rule_runs")
def run_rules(run: JobRun) -> dict:
    """Each night the rules in force over the whole register; what is new waits as a lead, what is gone leaves."""
    made = hits.run(place=run.region, day=run.span.last)
    ran = [one for one in made.outcomes if not one["reason"]]
    new, gone = (sum(one[key] for one in made.outcomes) for key in ("new", "gone"))
    return {"规则": len(ran), "未运行": len(made.outcomes) - len(ran), "新增": new, "消失": gone}


@shared_task
def run_rules_of(region_id: int, user_id: int) -> None:
    """On demand, for the place of who asked."""
    user = User.objects.get(pk=user_id)
    key = f"rules:running:{region_id}"
    if not cache.add(key, user_id, RUNNING_AT_MOST):  # asked for twice: one pass answers both
        return
    try:
        _run_of(region_id, user)
    finally:
        cache.delete(key)


def _run_of(region_id: int, user: User) -> None:
    with acting_as(actor_for(user, reason="运行规则")):
        hits.run(place=Region.objects.select_related("district").get(pk=region_id), day=timezone.localdate(), by=user)
