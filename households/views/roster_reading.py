"""对应列: correct how a file was read (sheet, heading row, columns) and have it checked again without another upload."""

import re
from collections.abc import Mapping
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import TemplateView

from households import tasks
from households.roster import jobs
from households.services import roster
from households.views.roster import INVALID, batches, steps_of
from jiyang.intake import acts
from jiyang.intake.act_views import seen_by
from jiyang.intake.enums import BatchState
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts, plain
from jiyang.intake.models import Batch
from jiyang.intake.pipeline import Outline
from jiyang.intake.refusals import FileRefused
from jiyang.intake.services import mapping_of
from jiyang.ledgers.terms import is_key

REREAD = {
    BatchState.UPLOADED,
    BatchState.CHECKED,
    BatchState.RETURNED,
    BatchState.REFUSED,
}  # states in which a batch may be read anew
ALL = "all"  # sheets: those with the same columns are read together
KEEP, NONE, FORGET = "-", "none", "forget"  # as it was found to be; left out; what the office saved of it ends
LONG_NUMBER = re.compile(r"\d{9,}[\dXx]?")
LINES, CELLS = 10, 8  # of the sheet that the page shows
FARTHEST = 1000  # row in which a heading may stand


class ReadingView(TemplateView):
    """The first rows of a sheet with the heading row to pick, and one choice per column."""

    template_name = "households/roster/reading.html"

    def get_context_data(self, **kwargs) -> dict:
        batch = get_object_or_404(batches(self.request.actor), pk=kwargs["pk"])
        chosen = self.request.POST or self.request.GET
        read = batch.reading  # what a person chose before, also where nothing came of it
        sheet, layout = (
            chosen.get("sheet") or read.get("sheet") or batch.sheet,
            chosen.get("layout") or read.get("layout", ""),
        )
        layout = layout if layout in jobs.LAYOUTS else batch.layout or jobs.LAYOUTS[0]
        saved = mapping_of(batch.target, batch.district, batch.town).get(layout, {})
        row = chosen.get("header_row", "")
        row = min(int(row), FARTHEST) if is_key(row) and row != "0" else read.get("header_row") or batch.header_row or 1
        try:
            shown = jobs.outline(batch, sheet, rows=row + LINES, heading=(row, layouts()[layout], saved))
        except FileRefused as refused:
            return {**super().get_context_data(**kwargs), "batch": batch, "title": "对应列", "problems": [str(refused)]}
        first = max(0, row - LINES // 2)
        return {
            **super().get_context_data(**kwargs), "batch": batch, "seen": acts.stamp(batch), "title": "对应列", "steps": steps_of(batch), "outline": shown,
            "lines": [
                (number, [masked(cell) for cell in cells[:CELLS]])
                for number, cells in enumerate(shown.top[first : first + LINES], start=first + 1)
            ],
            "may_reread": batch.state in REREAD and not roster.is_rest(batch), "every": reads_all(batch, chosen, shown),
            "header_row": row, "layout": layout, "layouts": [(key, layouts()[key].title) for key in jobs.LAYOUTS],
            "columns": columns_of(shown, row, layout, saved, dict(pairs_of(self.request)) or picked(batch.reading.get("mapping", {}))),
            "remember": "remember" in self.request.POST,
            "fields": [(one.name, one.heading) for one in layouts()[layout].fields],
        }  # fmt: skip

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = get_object_or_404(batches(request.actor), pk=pk)
        try:
            batch = roster.reread(
                batch=batch,
                by=request.user,
                choice=choice_of(request, batch),
                remember=bool(request.POST.get("remember")),
                seen=seen_by(request),
                forget=[heading for heading, field in pairs_of(request) if field == FORGET],
            )
        except ValidationError as refused:
            context = self.get_context_data(pk=pk) | {"problems": refused.messages}
            return self.render_to_response(context, status=INVALID)
        transaction.on_commit(partial(tasks.check_batch.delay, batch.pk, request.user.pk))
        return redirect("households:batch_detail", batch.pk)


def pairs_of(request: HttpRequest) -> list[tuple[str, str]]:
    """(heading, what was chosen for it) as the page sent them."""
    return list(zip(request.POST.getlist("heading"), request.POST.getlist("field"), strict=False))


def reads_all(batch: Batch, chosen: Mapping[str, str], shown: Outline) -> bool:
    """Whether the page offers to read all sheets: as they were read, unless a person looks for one that was not."""
    if "scope" in chosen:
        return chosen["scope"] == ALL
    read = [part[0] for part in batch.columns.get("parts", ())]
    return not batch.reading.get("sheet") and shown.sheet in (read or shown.sheets[:1])


def choice_of(request: HttpRequest, batch: Batch) -> Choice:
    """What the page sent. Of all sheets each finds its own heading, unless a person has named a row."""
    data = request.POST
    row, every = data.get("header_row", ""), data.get("scope") == ALL
    if every and row == str(batch.header_row) and not batch.reading.get("header_row"):
        row = ""
    mapping = {
        heading: "" if field == NONE else field
        for heading, field in pairs_of(request)
        if heading and field not in {KEEP, FORGET}
    }
    kept = {key: value for key, value in batch.reading.get("mapping", {}).items() if key not in data.getlist("heading")}
    return Choice(
        data.get("layout", ""),
        "" if every else data.get("sheet", ""),
        min(int(row), FARTHEST) if is_key(row) else None,
        {**kept, **mapping},
    )


def picked(mapping: Mapping[str, str]) -> dict[str, str]:
    """Heading -> what stands in its list, of a mapping that a person chose."""
    return {heading: field or NONE for heading, field in mapping.items()}


def columns_of(
    outline: Outline, row: int, layout: str, saved: Mapping[str, str], chosen: Mapping[str, str]
) -> list[dict]:
    """Each heading of the chosen row: what it is taken for by itself or by what the office has saved, and what a person `chosen`."""
    known = layouts()[layout]
    cells = outline.top[row - 1] if row <= len(outline.top) else []
    headings = outline.header.headings if outline.header else dict(enumerate(cells))
    found = outline.header.columns if outline.header else {}
    return [
        {
            "heading": heading,
            "auto": found[place].heading if place in found else "",
            "saved": known.by_name[saved[key]].heading
            if saved.get(key) in known.by_name
            else "不导入"
            if key in saved
            else "",
            "choice": chosen.get(heading, KEEP),
        }
        for place, heading in sorted(headings.items())
        if (key := plain(heading))
    ]


def masked(text: str) -> str:
    """A cell as the page shows it: long numbers are hidden."""
    return LONG_NUMBER.sub(lambda found: found[0][:4] + "*" * (len(found[0]) - 4), text)
