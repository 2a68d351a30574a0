"""The jobs of a roster batch: check after the upload, commit after the approval, undo. All or nothing, safe to repeat.

Called by the Celery tasks and by the `roster` command, inside the scope of who asked for them.
"""

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils import timezone

from households.roster import apply, checks, plan, staging, undo
from households.roster.layout_checks import LAYOUT_CHECKS
from jiyang.identifiers.encryption import decrypt_bytes, encrypt_all
from jiyang.intake import pipeline
from jiyang.intake.detect import Choice
from jiyang.intake.enums import BatchState
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding
from jiyang.intake.normalise import Mapped
from jiyang.intake.places import RegionIndex
from jiyang.intake.progress import Progress
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
IMPORTED = ("roster_a", "roster_b", "roster_c")  # rosters of people with their place: what the register takes
FILE_AAD, VALUE_AAD = "intake_batch.file", "intake_batchfinding.value"
MOST_FINDINGS_KEPT = 200_000
LOCK = 0x0517  # first key of the advisory locks of batches


class Clock:
    """Seconds per phase, for the page and the benchmarks."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.began = self.last = time.perf_counter()

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = round(now - self.last, 3)
        self.last = now

    def total(self) -> dict[str, float]:
        return {**self.seconds, "total": round(time.perf_counter() - self.began, 3)}


def progress_of(batch_id: int) -> Progress:
    return Progress(f"roster:{batch_id}")


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
    step: Callable[..., None] = lambda *args: None,
) -> tuple[Mapped, dict[str, float]]:
    """Read, stage, check and plan a file; leaves `roster_plan` in the running transaction. Raises FileRefused.

    `choice` is what a person corrected about the reading, `saved` the office's own headings, `accepted` the layouts
    that may come in: every other one is recognised and refused by its name.
    """
    clock = Clock()
    step("读取文件")
    mapped = pipeline.load(
        data,
        filename,
        layouts=[layouts()[name] for name in LAYOUTS],
        regions=RegionIndex.load(district),
        as_of=as_of,
        choice=choice,
        saved=saved,
        progress=lambda phase, done: step("读取文件" if phase == "read" else "规范内容", done),
    )
    if mapped.header.layout.key not in accepted:
        raise FileRefused("layout_not_imported", title=mapped.header.layout.title)
    clock.lap("read")
    step("写入暂存", 0, len(mapped.rows))
    staging.stage(mapped, district.pk)
    clock.lap("stage")
    step("校验规则", 0, len(mapped.rows))
    _check(mapped, as_of or mapped.data_date or timezone.localdate(), with_register)
    clock.lap("check")
    step("比对系统数据", 0, len(mapped.rows))
    day = mapped.data_date or as_of or timezone.localdate()
    plan.make(
        set(mapped.columns) | {"village"},
        apply.roster_period(day)[0],
        rows=len(mapped.rows),
        with_register=with_register,
    )
    clock.lap("plan")
    return mapped, clock.total()


def _check(mapped: Mapped, as_of: dt.date, with_register: bool) -> None:
    place = {row: index for index, row in enumerate(mapped.rows)}
    layout, fields = mapped.header.layout, set(mapped.columns)
    known = [*checks.CHECKS, *LAYOUT_CHECKS, *(checks.REGISTER_CHECKS if with_register else ())]
    wanted = [check for check in known if check.applies(layout, fields)]
    errors = []
    for row, check in checks.run(as_of, wanted, with_register=with_register):
        finding = mapped.finding(check.field, place[row], check.code)
        mapped.findings.append(finding)
        if finding.severity == "E":
            errors.append(row)
    checks.refuse(errors)
    mapped.findings.sort(key=lambda one: (one.line, one.cell))


def check(batch_id: int, *, as_of: dt.date | None = None) -> Batch | None:
    """The job after an upload: examine the file and keep the plan for preview. None when another worker is at it.

    `as_of` is the day that ages are counted on (default: the file's 数据日期, else today). May run again after a crash:
    it starts from the stored file. Call inside the uploader's scope.
    """
    progress = progress_of(batch_id)
    with only_one(batch_id) as mine:
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if not mine or batch.state not in {BatchState.UPLOADED, BatchState.CHECKING}:
            return None
        batch.state = BatchState.CHECKING
        try:
            mapped, seconds = examine(
                contents(batch),
                batch.filename,
                district=batch.district,
                as_of=as_of,
                choice=Choice(**batch.reading),
                saved=mapping_of(batch.target, batch.district, batch.town),
                accepted=IMPORTED,
                step=progress.step,
            )
        except FileRefused as refused:
            batch.state, batch.error = BatchState.REFUSED, {"code": refused.code, "message": str(refused)}
            batch.save()
            return batch
        progress.step("保存核对结果", 0, len(mapped.rows))
        staging.keep(batch.pk)
        _keep_findings(batch, mapped)
        header = mapped.header
        batch.state, batch.layout, batch.sheet, batch.header_row = (
            BatchState.CHECKED,
            header.layout.key,
            header.sheet,
            header.row + 1,
        )
        batch.rows, batch.data_date, batch.seconds = len(mapped.rows), mapped.data_date, seconds
        batch.columns = {"known": list(mapped.columns), "places": places_of(mapped), **described(mapped)}
        batch.counts, batch.plan_hash = plan.counts(), plan.digest()
        batch.save()
        progress.step("完成", len(mapped.rows), len(mapped.rows))
        return batch


def contents(batch: Batch) -> bytes:
    """The uploaded file's bytes."""
    with batch.file.open("rb") as stored:
        return decrypt_bytes(stored.read(), FILE_AAD)


def outline(batch: Batch, sheet: str = "") -> pipeline.Outline:
    """The first rows of the batch's file, for the page on which a person picks sheet and heading row. Raises FileRefused."""
    return pipeline.outline(contents(batch), batch.filename, sheet=sheet)


def described(mapped: Mapped) -> dict:
    """How the file was read, for the page: {unknown, missing, ignored, score, reason, sheets, apart, skipped, unlisted}.

    `sheets` is [name, number to take from a batch row for Excel's row, first and last batch row] each; `unlisted` counts
    notes (N) beyond those that are listed.
    """
    header = mapped.header
    ends = [first for first, _ in mapped.starts[1:]] + [len(mapped.rows)]
    return {
        "unknown": header.unknown, "missing": header.missing, "ignored": header.ignored, "score": header.score, "reason": header.reason,
        "sheets": [
            [name, offset, mapped.rows[first], mapped.rows[end - 1]]
            for name, (first, offset), end in zip(header.sheets, mapped.starts, ends, strict=True)
            if end > first
        ],
        "apart": header.apart, "skipped": dict(mapped.skipped), "unlisted": mapped.unlisted_counts(),
    }  # fmt: skip


def places_of(mapped: Mapped) -> list[list[str]]:
    """[field, heading as written] in the file's order: the columns of the preview."""
    return [[one.name, mapped.header.headings[place]] for place, one in sorted(mapped.header.columns.items())]


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


@contextmanager
def only_one(batch_id: int) -> Iterator[bool]:
    """One job per batch at a time: an advisory lock that ends with the transaction, also when the worker is killed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [LOCK, batch_id])
            mine = cursor.fetchone()[0]
        yield mine


def commit(batch_id: int) -> Batch | None:
    """The job after an approval: recount the plan, write it, or hand the batch back when the register has moved on.

    All or nothing; may run again after a crash. Call inside the approver's scope.
    """
    progress = progress_of(batch_id)
    with only_one(batch_id) as mine:
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if not mine or batch.state != BatchState.APPLYING:
            return None
        clock = Clock()
        progress.step("核对计划", 0, batch.rows)
        staging.restage(batch.pk)
        day = batch.data_date or timezone.localdate()
        fields = {*batch.columns["known"], "village"}
        plan.make(fields, apply.roster_period(day)[0], rows=batch.rows, with_register=True)
        if plan.digest() != batch.plan_hash:
            return _stale(batch)
        clock.lap("replan")
        progress.step("写入系统", 0, batch.rows)
        written = apply.commit(
            batch,
            by_id=batch.approved_by_id,
            who=batch.submitted_by.name,
            fields=fields,
            day=min(day, timezone.localdate()),
        )
        clock.lap("write")
        batch.state = BatchState.APPROVED
        batch.seconds = {**batch.seconds, "commit": clock.total(), "written": written}
        batch.save()
        progress.step("完成", batch.rows, batch.rows)
        return batch


def _stale(batch: Batch) -> Batch:
    """The register changed between submit and approval: plan anew and let a person look again."""
    with connection.cursor() as cursor:
        cursor.execute("delete from households_rosterrow where batch_id = %s", [batch.pk])
    staging.keep(batch.pk)
    batch.state, batch.counts, batch.plan_hash = BatchState.CHECKED, plan.counts(), plan.digest()
    batch.submitted_by = batch.submitted_at = batch.approved_by = batch.approved_at = None
    batch.reason = "提交以后系统数据有变化，已重新比对，请核对后再提交"
    batch.save()
    return batch


def undo_commit(batch_id: int) -> Batch | None:
    """The job after 撤销. All or nothing; may run again after a crash. Call inside the scope of who took it back."""
    progress = progress_of(batch_id)
    with only_one(batch_id) as mine:
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if not mine or batch.state != BatchState.UNDOING:
            return None
        progress.step("撤销", 0, batch.rows)
        clock = Clock()
        batch.undo_report = undo.undo(batch, by_id=batch.undone_by_id, reason=batch.reason)
        clock.lap("undo")
        batch.seconds = {**batch.seconds, "undo": clock.total()}
        batch.state = BatchState.UNDONE
        batch.save()
        progress.step("完成", batch.rows, batch.rows)
        return batch


def failed(batch_id: int, message: str) -> None:
    """A job ended with an unexpected error: nothing was written; the batch goes back to where a person can act."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        back = {
            BatchState.UPLOADED: BatchState.REFUSED,
            BatchState.CHECKING: BatchState.REFUSED,
            BatchState.APPLYING: BatchState.CHECKED,
            BatchState.UNDOING: BatchState.APPROVED,
        }
        if batch.state not in back:
            return
        if batch.state == BatchState.APPLYING:
            batch.submitted_by = batch.submitted_at = batch.approved_by = batch.approved_at = None
        batch.state = back[batch.state]
        batch.error = {"code": "failed", "message": message}
        batch.save()
