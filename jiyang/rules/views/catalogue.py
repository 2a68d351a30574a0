"""规则目录: every rule with where it stands, and one rule with its sentence, versions and hits of today."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import TemplateView, View

from jiyang.rules import drafts, listing, looking
from jiyang.rules.catalogue import SEVERITIES
from jiyang.rules.facts import Facts, RuleRefused
from jiyang.rules.fields import subjects
from jiyang.rules.live import stored
from jiyang.rules.models import RuleVersion
from jiyang.rules.outline import outline
from jiyang.rules.reading import RuleBroken
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import broken, built_in, in_use, rule_of, standing_version

PAGE = 50
FILTERS = ("subject", "severity", "origin", "state", "family", "q")


class RuleListView(TemplateView):
    template_name = "rules/list.html"

    def get_context_data(self, **kwargs) -> dict:
        query, actor = self.request.GET, self.request.actor
        known = listing.lines(timezone.localdate())
        found = [line for line in known if listing.fits(line, query)]
        may_make = actor.has("rule.make")
        kept = query.copy()
        kept.pop("page", None)
        return {
            **super().get_context_data(**kwargs), "title": "规则目录", "known": len(known),
            "in_force": sum("active" in line.states for line in known), "page": Paginator(found, PAGE).get_page(query.get("page")),
            "query": query.dict(), "filtered": any(query.get(name) for name in FILTERS), "asked": kept.urlencode(),
            "filters": [
                ("state", "状态", [(key, f"{word}（{sum(key in line.states for line in known)}）") for key, word in listing.STATES.items()]),
                ("subject", "对象", [(one.key, one.title) for one in subjects().values()]),
                ("severity", "严重程度", list(SEVERITIES.items())),
                ("origin", "来源", list(listing.ORIGINS.items())),
                ("family", "类别", [(name, name) for name in dict.fromkeys(line.version.family for line in known) if name]),
            ],
            "words": listing.STATES, "origins": listing.ORIGINS, "may_make": may_make,
            "drafts": list(drafts.drafts_of(self.request.user)) if may_make else [],
        }  # fmt: skip


class RuleDetailView(TemplateView):
    """One rule: what it says, its parameters with their badge, its versions. Its hits are asked for by the page."""

    template_name = "rules/detail.html"

    def get_context_data(self, **kwargs) -> dict:
        code, today, actor = kwargs["code"], timezone.localdate(), self.request.actor
        kept = list(
            RuleVersion.objects.filter(code=code).select_related("submitted_by", "decided_by").order_by("-number")
        )
        first, now = built_in(code), standing_version(code)
        if not kept and first is None:
            raise Http404
        shown = now or (kept[0] if kept else first)
        lost = next((one.reason for one in broken(today) if one.version.code == code), "")
        teller = Teller(Facts(today))
        return {
            **super().get_context_data(**kwargs), "title": shown.title, "code": code, "shown": shown, "now": now, "first": first,
            "lost": lost, "subject": subjects().get(shown.subject), "severity": SEVERITIES.get(shown.severity, ""), **self.told(shown, teller),
            "versions": [{"version": one, "standing": one.standing(today)} for one in kept],
            "waiting": next((one for one in kept if one.is_open), None), "first_stands": now is not None and now.number == 0,
            "stored": stored(code, actor), "may_make": actor.has("rule.make"), "may_end": now is not None or in_use(code) is not None,
        }  # fmt: skip

    def told(self, version: RuleVersion, teller: Teller) -> dict:
        try:
            rule = rule_of(version)
        except RuleBroken as problem:
            return {"problem": str(problem), "lines": [], "parameters": []}
        return {
            "problem": "", "lines": outline(rule.when, teller),
            "parameters": [_parameter(key, teller) for key in sorted(rule.parameters)],
        }  # fmt: skip


def _parameter(key: str, teller: Teller) -> dict:
    try:
        value = teller.facts.value(key)
    except RuleRefused:
        value = None
    return {"key": key, "title": teller.titles.get(key, key), "value": value}


class RuleHitsView(View):
    """What the rule in force hits today, in the actor's scope: a fragment of the rule's page, or a page of its own."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        standing = standing_version(code)
        if standing is None:
            raise Http404
        try:
            found = looking.look(rule_of(standing), request.actor)
        except RuleBroken as problem:
            found = looking.Found(None, reason=str(problem))
        template = "rules/_found.html" if request.htmx else "rules/hits.html"
        context = {
            "title": f"{standing.title}：今天的命中",
            "found": found,
            "code": code,
            "subject": subjects().get(standing.subject),
        }
        return render(request, template, context)
