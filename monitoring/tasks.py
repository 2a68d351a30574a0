"""Scheduled work of visits."""

from celery import shared_task
from django.utils import timezone

from households.roster.running import only_one
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


RUNS = 0x051B  # first key of the advisory locks of passes on demand


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
    with acting_as(actor_for(user, reason="运行规则")), only_one(region_id, RUNS) as mine:
        if mine:  # asked for twice: one pass answers both
            place = Region.objects.select_related("district").get(pk=region_id)
            hits.run(place=place, day=timezone.localdate(), by=user)
