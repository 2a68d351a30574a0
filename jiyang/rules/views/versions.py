"""One version of a rule: what it says beside what stands, what it would change, and the second person's decision."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from jiyang.ledgers.views import LedgerDetailView
from jiyang.rules import looking, services
from jiyang.rules.enums import VersionKind
from jiyang.rules.facts import Facts
from jiyang.rules.fields import subjects
from jiyang.rules.models import RuleVersion
from jiyang.rules.outline import compared, outline
from jiyang.rules.reading import RuleBroken
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import broken, built_in, rule_of, standing_version
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import decision_of
from jiyang.workflow.views import DecideView, WithdrawView

TOLD = ("title", "severity", "source", "why", "mend")


def before(version: RuleVersion) -> RuleVersion | None:
    """What a version is compared with: one that waits, with what stands today; else with the version it began from."""
    if version.is_open:
        return standing_version(version.code)
    if version.based_on:
        return RuleVersion.objects.filter(code=version.code, number=version.based_on).first()
    return built_in(version.code)


def planned(version: RuleVersion) -> QuerySet:
    """Agreed versions of the rule that have not begun: an activation before their day takes their place."""
    approved = RuleVersion.objects.filter(code=version.code, state=ProposalState.APPROVED, valid_until=None)
    return approved.filter(valid_from__gt=timezone.localdate(), valid_from__gte=version.valid_from).order_by("number")


def differences(old: RuleVersion | None, new: RuleVersion) -> list[dict]:
    """What they say beside the condition: label, former and new text."""
    found = []
    for name in TOLD:
        now = _text(new, name)
        then = _text(old, name) if old else now
        if now or then:
            label = RuleVersion._meta.get_field(name).verbose_name
            found.append({"label": label, "old": then if then != now else "", "new": now, "changed": then != now})
    return found


def _text(version: RuleVersion, name: str) -> str:
    return version.get_severity_display() if name == "severity" else getattr(version, name)


def lines_of(version: RuleVersion, teller: Teller) -> list:
    return outline(rule_of(version).when, teller)


class VersionDetailView(LedgerDetailView):
    def get_context_data(self, **kwargs) -> dict:
        context, version = super().get_context_data(**kwargs), self.get_object()
        urls = [reverse(f"rules:version_{act}", args=[version.pk]) for act in ("decide", "withdraw")]
        old = before(version)
        return {
            **context, "decision": decision_of(version, self.actor, *urls), "old": old, **self.conditions(old, version),
            "differences": differences(old, version), "standing": version.standing(), "is_off": version.kind == VersionKind.OFF,
            "subject": subjects().get(version.subject), "may_make": self.actor.has("rule.make"),
            "replaced": list(planned(version)) if version.is_open else [],
            "lost": next((one.reason for one in broken() if one.version.pk == version.pk), ""),
        }  # fmt: skip

    def conditions(self, old: RuleVersion | None, version: RuleVersion) -> dict:
        teller = Teller(Facts(timezone.localdate()))
        try:
            now = lines_of(version, teller)
        except RuleBroken as problem:
            return {"problem": str(problem), "lines": []}
        try:
            then = lines_of(old, teller) if old and version.kind != VersionKind.OFF else now
        except RuleBroken:
            then = []
        return {"problem": "", "lines": compared(then, now), "changed": then != now}


class VersionSimulationView(View):
    """The version over the standing data, against what is in force today: a fragment of its page, or a page of its own."""

    ledger = None

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(self.ledger.rows(request.actor), pk=pk)
        context = {"title": f"{version}：模拟", "version": version, **simulated(version, request.actor)}
        return render(request, "rules/_compared.html" if request.htmx else "rules/simulation.html", context)


def simulated(version: RuleVersion, actor) -> dict:
    """`compared` of a version with what is in force, or the `problem` for which it cannot be read."""
    standing = standing_version(version.code)
    try:
        old = rule_of(standing) if standing else None
    except RuleBroken:
        old = None
    try:
        new = rule_of(version)
    except RuleBroken as problem:
        return {"problem": str(problem)}
    if version.kind == VersionKind.OFF:
        return {"found": looking.look(new, actor), "is_off": True, "subject": new.subject}
    return {"compared": looking.compare(old, new, actor), "subject": new.subject}


class VersionDecideView(DecideView):
    service = staticmethod(services.decide)


class VersionWithdrawView(WithdrawView):
    pass
