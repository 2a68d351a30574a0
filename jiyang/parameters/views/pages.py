"""参数: all keys by app, one key with its dated values, and what is still to be confirmed and by whom (DOMAIN.md 16, 18)."""

from itertools import groupby

from django.http import Http404
from django.utils import timezone
from django.views.generic import TemplateView

from jiyang.audit.history import changes_of
from jiyang.parameters.catalogue import gaps, origin_of, our_apps
from jiyang.parameters.kinds import kind_of
from jiyang.parameters.models import Parameter, ParameterChange

STATES = {"unconfirmed": "未经核实", "missing": "今天没有值", "coming": "将要变更", "waiting": "等待复核"}


def lines() -> list[dict]:
    """One line per key: its value of today, the next one, what is missing or waiting. Two queries."""
    today = timezone.localdate()
    rows = list(Parameter.objects.select_related("region", "confirmed_by").order_by("key", "since"))
    waiting = set(ParameterChange.objects.filter(state="submitted").values_list("key", flat=True))
    found = []
    for key, group in groupby(rows, key=lambda row: row.key):
        dated = list(group)
        now = next((row for row in dated if row.is_on(today) and row.region_id is None), None)
        own = [row for row in dated if row.is_on(today) and row.region_id]
        coming = next((row for row in dated if row.since > today), None)
        shown = now or (own[0] if own else dated[-1])
        origin = origin_of(key)
        states = {
            "unconfirmed": not shown.is_confirmed, "missing": not (now or own), "coming": bool(coming), "waiting": key in waiting,
        }  # fmt: skip
        found.append(
            {"key": key, "row": shown, "now": now, "own": own, "coming": coming, "origin": origin, "states": states, "kind": kind_of(shown.value, shown.unit)}
        )  # fmt: skip
    return sorted(found, key=lambda line: (line["origin"].order, line["key"]))


def fits(line: dict, query) -> bool:
    """Whether a line meets the filters of the address."""
    app, state, ask, term = (query.get(name, "") for name in ("app", "state", "ask", "q"))
    return (
        (not app or line["origin"].app == app)
        and (not state or line["states"].get(state, False))
        and (not ask or line["row"].ask == ask)
        and (not term.strip() or term.strip() in f"{line['key']} {line['row'].title} {line['row'].source}")
    )


class ParameterListView(TemplateView):
    """Every key with its value of today, grouped by the app that declares it."""

    template_name = "parameters/list.html"

    def get_context_data(self, **kwargs) -> dict:
        known, query = lines(), self.request.GET
        found = [line for line in known if fits(line, query)]
        groups = [
            {"title": title, "lines": list(group)} for title, group in groupby(found, key=lambda line: line["origin"].title)
        ]  # fmt: skip
        declared = {line["origin"].app for line in known}
        counts = {state: sum(line["states"][state] for line in known) for state in STATES}
        return {
            **super().get_context_data(**kwargs), "title": "参数", "groups": groups, "total": len(known), "found": len(found),
            "unconfirmed": counts["unconfirmed"],
            "segments": [{"value": value, "label": label, "count": counts[value]} for value, label in STATES.items()],
            "apps": [(config.label, config.verbose_name) for config in our_apps() if config.label in declared],
            "asks": sorted({line["row"].ask for line in known} - {""}), "query": query.dict(),
            "filtered": any(query.get(name) for name in ("app", "state", "ask", "q")),
        }  # fmt: skip


class ParameterDetailView(TemplateView):
    """One key: the value of today, every dated value, what waits, who uses it, and what a maker may do."""

    template_name = "parameters/detail.html"

    def get_context_data(self, **kwargs) -> dict:
        key, today, actor = kwargs["key"], timezone.localdate(), self.request.actor
        rows = list(
            Parameter.objects.filter(key=key).select_related("region", "confirmed_by", "entered_by").order_by("-since")
        )
        if not rows:
            raise Http404
        now = next((row for row in rows if row.is_on(today)), None)
        waiting = ParameterChange.objects.filter(key=key, state="submitted").select_related("submitted_by", "region")
        return {
            **super().get_context_data(**kwargs), "title": rows[0].title, "key": key, "now": now, "last": rows[0],
            "rows": [{"row": row, "now": row.is_on(today), "coming": row.since > today} for row in rows],
            "proposed": list(waiting), "origin": origin_of(key), "kind": kind_of(rows[0].value, rows[0].unit).label,
            "may_make": actor.has("parameter.make"), "changes": changes_of(rows, actor)[:20],
        }  # fmt: skip


class UnconfirmedView(TemplateView):
    """待核实清单: grouped by the unit that is to confirm, fit to be printed and sent."""

    template_name = "parameters/unconfirmed.html"

    def get_context_data(self, **kwargs) -> dict:
        found: dict[str, dict] = {}
        for line in lines():
            if line["states"]["unconfirmed"]:
                found.setdefault(line["row"].ask or "区农业农村局", {"lines": [], "gaps": []})["lines"].append(line)
        for gap in gaps():
            found.setdefault(gap.ask, {"lines": [], "gaps": []})["gaps"].append(gap)
        units = [{"ask": ask, **one} for ask, one in sorted(found.items(), key=lambda item: -len(item[1]["lines"]))]
        return {
            **super().get_context_data(**kwargs), "title": "待核实清单", "units": units,
            "values": sum(len(one["lines"]) for one in units), "gaps": len(gaps()),
        }  # fmt: skip
