"""What waits for a person after visits: items to look into, values of the register to decide."""

from django.utils import timezone

from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import waiting_for
from jiyang.workflow.tasks import TaskLine, TaskSource, place_of, proposal_line, task_source
from monitoring.enums import FollowUpState
from monitoring.hit_ledger import HitLedger
from monitoring.ledgers import ChangeLedger, FollowUpLedger


def _to_look_into(actor):
    """The town and the village look into it; the district sees on its dashboard what is late."""
    rows = FollowUpLedger.rows(actor).open().order_by("due_on", "pk")
    return rows.none() if actor.reach.districts else rows


def _follow_up(item) -> TaskLine:
    title = f"{item.get_topic_display()}待核实：{item.household.state.head_name}户"
    return TaskLine(
        title, FollowUpLedger.url_of(item), place_of(item), since=item.done_on, due_on=item.due_on, by=item.done_by
    )


def _change(change) -> TaskLine:
    told = f"{change.get_subject_display()}：{change.old_shown} → {change.new_shown}"
    return proposal_line(f"{change.household.state.head_name}户 {told}", ChangeLedger.url_of(change), change)


task_source(
    TaskSource(
        "follow_up",
        "待核实事项",
        "monitoring:followup_close",
        _to_look_into,
        _follow_up,
        urgent=lambda rows, today: rows.filter(due_on__lt=today),
        url=lambda: f"{FollowUpLedger.url('list')}?state={FollowUpState.OPEN}",
    )
)
task_source(
    TaskSource(
        "register_change",
        "信息变更待复核",
        "monitoring:change_decide",
        lambda actor: waiting_for(ChangeLedger.rows(actor), actor),
        _change,
        url=lambda: f"{ChangeLedger.url('list')}?state={ProposalState.SUBMITTED}",
    )
)


def _lead(hit) -> TaskLine:
    return TaskLine(f"{hit.whose}：{hit.title}", HitLedger.url_of(hit), place_of(hit), since=hit.first_seen)


task_source(
    TaskSource(
        "lead",
        "规则线索待核实",
        "monitoring:hit_decide",
        lambda actor: HitLedger.rows(actor).leads_of(actor, timezone.localdate()),
        _lead,
        url=lambda: f"{HitLedger.url('list')}?queue=lead",
    )
)
task_source(
    TaskSource(
        "tier_suggestion",
        "分类建议",
        "households:tier_set",
        lambda actor: HitLedger.rows(actor).tiers_of(actor, timezone.localdate()),
        _lead,
        url=lambda: f"{HitLedger.url('list')}?queue=tier",
    )
)
