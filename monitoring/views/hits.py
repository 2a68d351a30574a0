"""核实 and 静默 of a lead; the runs of the rules, one on demand; how often each rule was right."""

import datetime as dt
from functools import partial

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from jiyang.ledgers.ledger import FormFor
from jiyang.ledgers.views import LedgerEditView
from jiyang.parameters import values
from jiyang.regions.models import Region
from jiyang.ui.forms import BigChoice, DayInput, KernelForm
from monitoring import tasks
from monitoring.enums import HitState
from monitoring.models import RuleHit, RuleMute, RuleRun
from monitoring.models.hit import LOWER
from monitoring.services import hits, leads


class DecideForm(KernelForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    state = forms.ChoiceField(
        label="核实结果", choices=[(one.value, one.label) for one in leads.DECISIONS], widget=BigChoice
    )
    outcome = forms.CharField(
        label="核实情况",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写明怎么核实的、看到什么，如“入户查看，房屋已于 9 月维修”",
    )
    on = forms.DateField(label="核实日期", widget=DayInput)


class MuteForm(KernelForm):
    until = forms.DateField(label="静默至", widget=DayInput, help_text="到这一天以前，这条规则不再就此提醒")
    reason = forms.CharField(label="原因", max_length=200)


class DecideView(LedgerEditView):
    spec = FormFor(DecideForm, leads.decide)
    template_name = "monitoring/hit_act.html"

    def form_kwargs(self) -> dict:
        first = {"version": self.get_object().version, "on": timezone.localdate()}
        return {**super().form_kwargs(), "initial": first}

    def get_context_data(self, **kwargs) -> dict:
        return {
            **super().get_context_data(**kwargs),
            "title": f"核实：{self.get_object()}",
            "act": "核实",
            "verb": "保存核实结果",
        }


class MuteView(LedgerEditView):
    spec = FormFor(MuteForm, leads.mute)
    template_name = "monitoring/hit_act.html"

    def form_kwargs(self) -> dict:
        return {**super().form_kwargs(), "initial": {"until": timezone.localdate() + dt.timedelta(days=30)}}

    def save(self, form) -> RuleHit:
        super().save(form)
        return self.get_object()

    def get_context_data(self, **kwargs) -> dict:
        return {
            **super().get_context_data(**kwargs),
            "title": f"静默：{self.get_object()}",
            "act": "静默",
            "verb": "静默",
        }


class UnmuteForm(KernelForm):
    reason = forms.CharField(label="为什么提前结束", max_length=200, help_text="写进变更记录")


class UnmuteView(LedgerEditView):
    spec = FormFor(UnmuteForm, leads.unmute)
    template_name = "monitoring/hit_act.html"

    def save(self, form) -> RuleHit:
        super().save(form)
        return self.get_object()

    def get_context_data(self, **kwargs) -> dict:
        return {
            **super().get_context_data(**kwargs),
            "title": f"结束静默：{self.get_object()}",
            "act": "结束静默",
            "verb": "结束静默",
        }


class RunsView(TemplateView):
    """The last runs, the newest with a line for each rule."""

    template_name = "monitoring/rule_runs.html"

    def get_context_data(self, **kwargs) -> dict:
        actor = self.request.actor
        runs = list(RuleRun.objects.visible_to(actor).select_related("district", "town", "by").order_by("-pk")[:30])
        chosen = self.request.GET.get("run", "")
        shown = next((one for one in runs if str(one.pk) == chosen), runs[0] if runs else None)
        lines = shown.outcomes if shown else []
        places = hits.places_of(actor)
        district = values.own_district()
        return {
            **super().get_context_data(**kwargs), "title": "规则运行", "runs": runs, "shown": shown, "nightly": hits.last_of_district(district) if district else None, "places": places,
            "may_run": actor.has("hit.run"), "ran": sorted((one for one in lines if not one["reason"] and (one["hits"] or one["gone"])), key=lambda one: (-one["new"], -one["hits"])),
            "refused": [one for one in lines if one["reason"]], "quiet": sum(not one["reason"] and not one["hits"] for one in lines),
            "totals": {key: sum(one[key] for one in lines if key == "gone" or not one["reason"]) for key in ("hits", "new", "gone")},
        }  # fmt: skip


@require_POST
def run_now(request: HttpRequest) -> HttpResponse:
    """`place`: one of those that the actor may run the rules for; the widest where none is named."""
    places = hits.places_of(request.actor)
    chosen = request.POST.get("place", "")
    place = next((one for one in places if str(one.pk) == chosen), None) if chosen else next(iter(places), None)
    if place is None:
        raise PermissionDenied("不在本人管辖范围内，不能为它运行规则")
    transaction.on_commit(partial(tasks.run_rules_of.delay, place.pk, request.user.pk))
    messages.info(request, f"已开始在{place.name}运行规则，一两分钟后刷新本页查看")
    return redirect("monitoring:rule_runs")


class PrecisionView(TemplateView):
    """规则准确率: of each rule's decided hits, how many were true; by rule and by town."""

    template_name = "monitoring/precision.html"

    def get_context_data(self, **kwargs) -> dict:
        rows = RuleHit.objects.visible_to(self.request.actor).order_by()
        by_rule = list(rows.values("code").annotate(**COUNTED).order_by("-confirmed", "-hits", "code"))
        titles = dict(rows.values_list("code", "title").distinct())
        by_town = list(rows.values("town").annotate(**COUNTED).order_by("town"))
        towns = Region.objects.in_bulk([one["town"] for one in by_town])
        for one in by_rule:
            one["title"] = titles[one["code"]]
        for one in by_town:
            one["name"] = towns[one["town"]].name if one["town"] in towns else "—"
        for one in (*by_rule, *by_town):
            decided = one["confirmed"] + one["dismissed"]
            one["share"] = f"{100 * one['confirmed'] / decided:.0f}%" if decided else "—"
        opens_rules = self.request.actor.may_open("rules:rule_detail")
        muted = RuleMute.objects.visible_to(self.request.actor).filter(until__gt=timezone.localdate()).order_by()
        # one stands for each household or village
        muted = dict(muted.values_list("code").annotate(Count("pk")))
        for one in by_rule:
            one["muted"] = muted.get(one["code"], 0)
            one["opens"] = opens_rules and not one["code"].startswith(
                LOWER
            )  # a proposal to lower follows no rule of its own
        return {
            **super().get_context_data(**kwargs),
            "title": "规则准确率",
            "by_rule": by_rule,
            "by_town": by_town,
        }


COUNTED = {
    "hits": Count("pk"),
    "live": Count("pk", filter=Q(gone_on=None)),
    **{state.value: Count("pk", filter=Q(state=state)) for state in leads.DECISIONS},
    "gone": Count("pk", filter=Q(state=HitState.GONE)),
}
