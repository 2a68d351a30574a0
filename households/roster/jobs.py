"""The job after an upload: read, stage, check and plan a file. All or nothing, safe to repeat.

Called by the Celery tasks and by the `roster` command, inside the scope of who asked for them.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from django.utils import timezone

from households.models import roster_period
from households.roster import absences, exported, headship, judging, kept_rows, moment, plan, staging, storable
from households.roster.recovery import CHECKS
from households.roster.running import Clock, day_of, only_one, progress_of
from households.roster.takers import taker_of
from jiyang.identifiers.encryption import decrypt_bytes, encrypt_all
from jiyang.intake import pipeline
from jiyang.intake.bulk import many_objects, whole_batch
from jiyang.intake.context import Context
from jiyang.intake.enums import BatchState, PlanMode
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.normalise import Mapped, Told
from jiyang.intake.places import RegionIndex
from jiyang.intake.progress import UNTOLD, Progress
from jiyang.intake.reader import FileRefused
from jiyang.intake.services import mapping_of
from jiyang.regions.models import Region

LAYOUTS = (
    "roster_a",
    "roster_c",
    "roster_b",
    "roster_d",
    "roster_e",
    "roster_f",
    "roster_g",
    "legacy_person",
    "legacy_household",
)
IMPORTED = ("roster_a", "roster_b", "roster_c", "roster_f")  # with their place: what the register takes itself
# the phases of a check with their shares of its time
CHECK = {
    "读取文件": 40,
    "规范内容": 9,
    "写入暂存": 22,
    "校验规则": 9,
    "比对系统数据": 11,
    "保存核对结果": 9,
    "完成": 0,
}
PARSED = 0.85  # the share of the reading before its first row
FILE_AAD, VALUE_AAD = "intake_batch.file", "intake_batchfinding.value"
MOST_FINDINGS_KEPT = 200_000


@many_objects()
def examine(
    data: bytes,
    filename: str,
    *,
    district: Region,
    as_of: dt.date | None = None,
    with_register: bool = True,
    choice: Choice | None = None,
    saved: Mapping[str, Mapping[str, str]] | None = None,
    accepted: Collection[str] = LAYOUTS,
    mode: str = PlanMode.ALL,
    former: Context | None = None,
    progress: Progress = UNTOLD,
) -> tuple[Mapped, dict[str, float]]:
    """Read, stage, check and plan a file; leaves `roster_plan` in the running transaction. Raises FileRefused.

    `choice` is what a person corrected about the reading, `saved` the office's own headings, `accepted` the layouts
    that may come in: every other one is recognised and refused by its name; `former` is what the file told whose rows come back.
    """
    clock = Clock()
    progress.step("读取文件")
    mapped = pipeline.load(
        data,
        filename,
        layouts=[layouts()[name] for name in LAYOUTS],
        regions=RegionIndex.load(district),
        as_of=as_of,
        choice=choice,
        saved=saved,
        former=former,
        progress=_reading(progress),
    )
    if mapped.header.layout.key not in accepted:
        raise FileRefused("layout_not_imported", title=mapped.header.layout.title)
    _date_rows(mapped, as_of)
    clock.lap("read")
    with whole_batch(len(mapped.rows)):
        progress.step("写入暂存", 0, len(mapped.rows))
        filled = staging.stage(mapped, district.pk, progress=progress)
        clock.lap("stage")
        progress.step("校验规则", 0, len(mapped.rows))
        staging.refuse(storable.check(mapped))
        staging.refuse(judging.judge(mapped, filled, as_of or mapped.data_date or timezone.localdate()), ruled=True)
        staging.take_stated(filled)
        clock.lap("check")
        progress.step("比对系统数据", 0, len(mapped.rows))
        fields, year = {*mapped.columns, *place_fields(mapped)}, roster_period(day_of(mapped.data_date or as_of))[0]
        people = mapped.header.layout.rows != "household" or not with_register
        taker = taker_of(mapped.header.layout.key) if with_register else None
        unclear = plan.make(fields, year, with_register=with_register, mode=mode, people=people, taker=taker)
        if with_register:
            _settle(mapped, unclear, mode)
            if "record_id" in mapped.columns:
                exported.soften(mapped, partial(plan.exact, fields=fields, year=year, people=people, taker=taker))
        mapped.findings.sort(key=lambda one: (one.line, one.cell))
    clock.lap("plan")
    return mapped, clock.total()


def _reading(progress: Progress) -> Told:
    """What the reading tells of itself, as phases of the job."""

    def told(phase: str, rows: int, share: float) -> None:
        if phase == "read":
            progress.part(PARSED + (1 - PARSED) * share, rows)
        elif share:
            progress.part(share)
        else:
            progress.step("规范内容", 0, rows)

    return told


def _date_rows(mapped: Mapped, as_of: dt.date | None) -> None:
    """Rows that need a year and have no column of it get the year of the file's day, which stays whenever the batch is written.

    A day found beside the table is for them alone: the register's incomes follow a column.
    """
    taker = taker_of(mapped.header.layout.key)
    year = taker.dated if taker else ""
    if not year and mapped.day_from:
        mapped.data_date, mapped.day_from = None, ""
    elif year and year not in mapped.columns:
        mapped.columns[year] = [str(day_of(mapped.data_date or as_of).year)] * len(mapped.rows)


def _settle(mapped: Mapped, unclear: list[tuple[int, str, str]], mode: str) -> None:
    """Findings of what the register could not store as planned, and of what the plan leaves behind."""
    place = {row: index for index, row in enumerate(mapped.rows)}
    known = {(finding.line, finding.code) for finding in mapped.findings}
    layout = mapped.header.layout
    asks = absences.asked(layout.key, mapped.columns, mode)
    clashes = storable.settle("roster_stage", taker_of(layout.key), unclear, asks=asks)
    told = exported.told(mapped, [place[row] for row, _, code in clashes if code == exported.EDITED])
    noted = [(*one, told.get(place[one[0]], "") if one[2] == exported.EDITED else "") for one in clashes]
    noted += [(*one, "") for one in plan.noticed(layout.rows) + plan.moved(mapped.placed_above)]
    noted += headship.noticed() if layout.rows == "person" else []
    mapped.findings += [
        mapped.finding(name, place[row], code, note=note) for row, name, code, note in noted if (row, code) not in known
    ]


def imported() -> tuple[str, ...]:
    """The layouts whose rows the register or a later app's ledger takes."""
    return tuple(key for key in LAYOUTS if key in IMPORTED or taker_of(key))


@many_objects()  # until the cells are gone: else a look through all of them follows at once
def check(batch_id: int, *, as_of: dt.date | None = None) -> Batch | None:
    """The job after an upload: examine the file and keep the plan for preview. None when another worker is at it.

    `as_of` is the day that ages are counted on (default: the file's 数据日期, else today). May run again after a crash:
    it starts from the stored file. Call inside the uploader's scope.
    """
    progress = progress_of(batch_id, CHECK)
    with only_one(batch_id) as mine:
        if not mine:
            return None
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
        if batch.state not in CHECKS:
            return None
        batch.state, numbers = BatchState.CHECKING, moment.before_comparing(batch)
        try:
            mapped, seconds = examine(
                contents(batch),
                batch.filename,
                district=batch.district,
                as_of=as_of,
                choice=_choice(batch),
                saved=mapping_of(batch.target, batch.district, batch.town),
                accepted=imported(),
                mode=batch.mode,
                former=_former(batch),
                progress=progress,
            )
        except FileRefused as refused:
            batch.state, batch.error = BatchState.REFUSED, {"code": refused.code, "message": str(refused)}
            batch.sheet, batch.header_row, batch.rows, batch.columns = "", None, None, {}  # of an earlier reading
            batch.save()
            return batch
        progress.step("保存核对结果", 0, len(mapped.rows))
        with whole_batch(len(mapped.rows)):
            kept_rows.keep(batch.pk, mapped.header.layout)
            asked = absences.asked(mapped.header.layout.key, mapped.columns, batch.mode)
            absent = absences.keep_absent(batch.pk) if asked else 0
        _keep_findings(batch, mapped)
        progress.step("完成", len(mapped.rows), len(mapped.rows))
        header = mapped.header
        batch.state, batch.layout, batch.sheet, batch.header_row = (
            BatchState.CHECKED,
            header.layout.key,
            header.sheet,
            header.row + 1,
        )
        batch.rows, batch.data_date, batch.seconds = len(mapped.rows), mapped.data_date or as_of, seconds
        batch.compared = moment.compared(batch, numbers)
        batch.columns = {
            "known": list(mapped.columns),
            "places": places_of(mapped),
            "place": place_fields(mapped),
            "parts": parts_of(mapped),
            "context": mapped.context.as_dict(),
            **described(mapped),
        }
        batch.counts, batch.attempts = plan.counts(), 0
        told = {"absent": absent, "relisted": absences.listed_again(batch).count()}
        batch.counts |= {name: number for name, number in told.items() if number}
        batch.save()
        return batch


def _choice(batch: Batch) -> Choice:
    """What a person corrected; in a continuation each heading also means what it meant before, whatever little stands below it."""
    choice = Choice(**batch.reading)
    before = batch.continues.columns if batch.continues else {}
    meant = dict.fromkeys(
        [*before.get("unknown", ()), *before.get("ignored", ())], ""
    )  # what was not read then is not read now
    meant |= {heading: name for name, heading in before.get("places", ())}
    return replace(choice, mapping={**meant, **choice.mapping})


def _former(batch: Batch) -> Context | None:
    """What the file told whose failed rows a continuation brings."""
    kept = batch.continues.columns.get("context") if batch.continues else None
    return Context.of(kept) if kept else None


def contents(batch: Batch) -> bytes:
    """The uploaded file's bytes."""
    with batch.file.open("rb") as stored:
        return decrypt_bytes(stored.read(), FILE_AAD)


def outline(batch: Batch, sheet: str = "", rows: int = 20, heading: tuple | None = None) -> pipeline.Outline:
    """The first rows of the batch's file, for the page on which a person picks sheet, heading row and columns. Raises FileRefused."""
    return pipeline.outline(contents(batch), batch.filename, sheet=sheet, rows=rows, heading=heading)


def described(mapped: Mapped) -> dict:
    """How the file was read, for the page: {unknown, missing, dated, day_from, ignored, score, reading, told, reason, sheets, continued,
    apart, unread, skipped, unlisted}.

    `reason` is `reading` (heading, layout), what is `told` of columns, and what was not read, as one text. `sheets` is [name, number to
    take from a batch row for Excel's row, first and last batch row] each; `unlisted` counts
    notes (N) beyond those that are listed; `dated` see there; `continued` is [name, sheet whose columns hold for it, first row
    of data] of each sheet without headings that was read. `unread` is [name, rows with data, why] of each sheet that was not read.
    """
    header = mapped.header
    ends = [first for first, _ in mapped.starts[1:]] + [len(mapped.rows)]
    return {
        "unknown": header.unknown, "missing": header.missing, "dated": dated_of(mapped), "day_from": mapped.day_from, "ignored": header.ignored, "score": header.score, "reading": header.reading, "told": header.told, "reason": header.reason,
        "sheets": [
            [name, offset, mapped.rows[first], mapped.rows[end - 1]]
            for name, (first, offset), end in zip(header.sheets, mapped.starts, ends, strict=True)
            if end > first
        ],
        "continued": [[part.sheet, part.continues, part.first_data + 1] for part in header.parts if part.continues],
        "apart": header.apart, "unread": [[name, rows, header.apart[name]] for name, rows in header.unread.items()],
        "skipped": dict(mapped.skipped), "unlisted": mapped.unlisted_counts(), "rules": mapped.rules,
    }  # fmt: skip


def dated_of(mapped: Mapped) -> dict[str, str]:
    """{heading, year} of a year that stands in no cell of the file; empty where it has one or needs none.

    A check-up keeps no row, and needs none either.
    """
    layout = mapped.header.layout
    taker = taker_of(layout.key)
    if not (taker and taker.dated and taker.dated not in mapped.header.names and mapped.columns.get(taker.dated)):
        return {}
    return {"heading": layout.by_name[taker.dated].heading, "year": mapped.columns[taker.dated][0]}


def place_fields(mapped: Mapped) -> list[str]:
    """`village`, where the file says where its households lie: old dumps do not."""
    return ["village"] if "village" in mapped.header.names else []


def places_of(mapped: Mapped) -> list[list[str]]:
    """[field, heading as written] in the file's order: the columns of the preview."""
    return [[one.name, mapped.header.headings[place]] for place, one in sorted(mapped.header.columns.items())]


def parts_of(mapped: Mapped) -> list[list]:
    """[sheet, offset of its batch row numbers, last row above the data, sheet whose headings hold for it, further headings below
    (rows from 1), columns, headings] of each sheet that was read. Columns and headings are [place from 0, field or text] each.
    """
    sheets: dict[str, list] = {}
    for part, (_, offset) in zip(mapped.header.parts or [mapped.header], mapped.starts, strict=True):
        if part.again:
            sheets[part.sheet][4] += range(part.row + 1, part.first_data + 1)
        else:
            columns = [(place, one.name) for place, one in part.columns.items()]
            headings = list(part.headings.items())
            sheets[part.sheet] = [part.sheet, offset, part.first_data, part.continues, [], columns, headings]
    return list(sheets.values())


def _keep_findings(batch: Batch, mapped: Mapped) -> None:
    place = {row: mapped.places[index] for index, row in enumerate(mapped.rows)}
    found = mapped.findings[:MOST_FINDINGS_KEPT]
    values = encrypt_all([one.value for one in found], VALUE_AAD)
    stored = encrypt_all([one.stored for one in found], VALUE_AAD)
    BatchFinding.objects.bulk_create(
        [
            BatchFinding(
                batch=batch,
                district_id=batch.district_id,
                town_id=place[one.line].town,
                village_id=place[one.line].village,
                row=one.line,
                sheet=one.sheet[:80],
                field=one.field,
                column=one.column[:120],
                cell=one.cell,
                value=value,
                stored=kept,
                code=one.code,
                severity=one.severity,
                message=one.message[:300],
                hint=one.hint[:300],
            )
            for one, value, kept in zip(found, values, stored, strict=True)
        ],
        batch_size=5000,
    )
