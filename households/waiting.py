"""What waits for a person in the register: changes of people, tiers to confirm, batches to check."""

from django.db.models import Q
from django.urls import reverse

from households.ledgers import ChangeLedger, TierChangeLedger
from households.roster import absences
from households.services import roster
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.ledgers.ledger import Ledger
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import waiting_for
from jiyang.workflow.tasks import TaskLine, TaskSource, place_of, proposal_line, task_source


def _change(change) -> TaskLine:
    title = f"{change.get_kind_display()}：{change.household.state.head_name}户"
    return proposal_line(title, ChangeLedger.url_of(change), change)


def _tier(change) -> TaskLine:
    title = f"{change.household.state.head_name}户 {change.former or '未分类'} → {change.tier}：{change.reason}"
    return proposal_line(title, TierChangeLedger.url_of(change), change)


def _batches(actor):
    rows = Batch.objects.visible_to(actor).filter(target=roster.TARGET, state=BatchState.SUBMITTED)
    barred = actor.barred(f"{roster.ACT}.check")
    return rows.exclude(Q(uploaded_by__in=barred) | Q(submitted_by__in=barred)).order_by("submitted_at")


def _batch(batch) -> TaskLine:
    return TaskLine(
        f"名单复核 {batch}：{batch.filename}",
        reverse("households:batch_detail", args=[batch.pk]),
        f"{batch.rows} 行",
        since=batch.submitted_at.date(),
    )


def _absence(absence) -> TaskLine:
    return TaskLine(
        f"名单未列：{absence.person.name}，核实是否减少",
        reverse("households:absence", args=[absence.pk]),
        place_of(absence),
    )


def _list_of(ledger: type[Ledger]):
    return lambda: f"{ledger.url('list')}?state={ProposalState.SUBMITTED}"


task_source(TaskSource("person_change", "人员变更待复核", "households:change_decide", lambda actor: waiting_for(ChangeLedger.rows(actor), actor), _change, url=_list_of(ChangeLedger)))  # fmt: skip
task_source(TaskSource("tier_confirm", "A 类进出待确认", "households:tierchange_decide", lambda actor: waiting_for(TierChangeLedger.rows(actor), actor), _tier, url=_list_of(TierChangeLedger)))  # fmt: skip
task_source(TaskSource("roster_batch", "名单待复核入库", "households:batch_approve", _batches, _batch, url=lambda: reverse("households:batch_list")))  # fmt: skip
task_source(
    TaskSource(
        "roster_absence",
        "名单未列待核实",
        "households:absence",
        absences.asked_of,
        _absence,
        url=lambda: reverse("households:absence_list"),
    )
)
