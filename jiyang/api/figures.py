"""Figures by the API: the same numbers as the dashboard, each with the address of exactly its rows (invariant 8)."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jiyang.access.scope import Actor
from jiyang.api.errors import Refused
from jiyang.api.ledgers import name_of
from jiyang.ledgers import registry
from jiyang.regions.models import Region
from jiyang.reporting import figures
from jiyang.reporting.figures import Figure, Selection


def may_read(chosen: Figure, actor: Actor) -> bool:
    """Whether the actor may open the list behind a figure."""
    return actor.may_open(name_of(registry.get(chosen.ledger), "list"))


class FiguresApi(APIView):
    """Every figure whose list the caller may open: its number on `as_of` (a day, by default today), parts, and rows.

    A flow counts the month of that day. `by=town|village` adds the numbers of the areas below. One query for each figure.
    """

    def right_of(self, method: str) -> str:
        return "api:figures"

    def get(self, request: Request) -> Response:
        day, by = self.asked()
        actor = request._request.actor
        found = [self.described(one, actor, day, by) for one in figures.all_figures() if may_read(one, actor)]
        return Response({"as_of": day.isoformat(), "results": found})

    def asked(self) -> tuple[dt.date, str]:
        """The day and the level asked for. Raises Refused."""
        asked, problems = self.request.GET, {}
        problems |= {name: ["没有这个条件"] for name in asked if name not in {"as_of", "by"}}
        try:
            day = dt.date.fromisoformat(asked.get("as_of") or timezone.localdate().isoformat())
            if day.year > figures.LAST_YEAR:
                raise ValueError(day)
        except ValueError:
            day, problems["as_of"] = timezone.localdate(), ["日期应为 2021-10-26 这样的写法"]
        by = asked.get("by", "")
        if by not in {"", "town", "village"}:
            problems["by"] = ["应为 town 或 village"]
        if problems:
            raise Refused(f"有 {len(problems)} 处需要改正", problems)
        return day, by

    def described(self, chosen: Figure, actor: Actor, day: dt.date, by: str) -> dict:
        tallies = figures.count(chosen, actor, day, by=by)
        selection = Selection(chosen, figures.moment_for(chosen, day))
        rows = reverse(name_of(registry.get(chosen.ledger), "list"))
        query = selection.url.partition("?")[2]
        parts: dict[str, int] = {}
        for tally in tallies.values():
            for part, number in tally.parts.items():
                parts[part] = parts.get(part, 0) + number
        answer = {
            "key": chosen.key,
            "title": chosen.title,
            "unit": chosen.unit,
            "moment": str(selection.moment),
            "value": sum(tally.total for tally in tallies.values()),
            "parts": [{"code": code, "label": label, "value": parts.get(code, 0)} for code, label in chosen.parts],
            "url": self.request.build_absolute_uri(f"{rows}?{query}"),
        }
        if by:
            names = dict(Region.objects.filter(pk__in=[key for key in tallies if key]).values_list("pk", "code"))
            answer["areas"] = [{"code": names.get(key), "value": tally.total} for key, tally in tallies.items()]
        return answer
