"""Rows of a file that was exported here and edited since: what the file says, what stands now, who changed it and when."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable

from django.utils import timezone

from households.enums import IncomeKind
from households.models import CaseRecord, Household, IncomeStatement, Person
from households.roster.fields import OWNERS
from households.roster.takers import Taker, taker_of
from jiyang.access.scope import require
from jiyang.audit.history import Change, FieldChange, changes_of
from jiyang.identifiers import masks
from jiyang.intake.cells import as_text
from jiyang.intake.normalise import Mapped

EDITED = "edited_since_export"
AS_REGISTERED = "与系统一致，导入不受影响"
MOST_TOLD = 200  # rows told in full; more say only that they were edited
PERSONAL = {"id_number", "phone"}  # never in a message
MODELS = {model._meta.model_name: model for model in (Person, Household, CaseRecord, IncomeStatement)}


def headings(taker: Taker | None) -> dict[tuple[str, str], str]:
    """Table and heading in the history -> field of the layouts."""
    models = {taker.name: taker.model} if taker else MODELS
    return {
        _named(models[owner], column.removesuffix("_id")): name
        for name, (owner, column) in (taker.owners if taker else OWNERS).items()
    }


def _named(model: type, column: str) -> tuple[str, str]:
    return str(model._meta.verbose_name), str(model._meta.get_field(column).verbose_name)


def told(mapped: Mapped, indexes: Iterable[int]) -> dict[int, str]:
    """Index of a row -> what was changed since its export, with both values. Reads the history in a fixed number of queries."""
    rows = list(dict.fromkeys(indexes))[:MOST_TOLD]
    if not rows:
        return {}
    actor, taker = require(), taker_of(mapped.header.layout.key)
    numbers, names = {index: mapped.columns["record_id"][index] for index in rows}, headings(taker)
    versions = mapped.columns.get("record_version", [None] * len(mapped.rows))
    model = taker.model if taker else Person
    records = model.objects.visible_to(actor).filter(public_id__in=set(numbers.values()))
    records = records if taker else records.select_related("household")
    by_number = {str(record.public_id): record for record in records}
    found = {}
    for index, number in numbers.items():
        record = by_number.get(number.lower())
        if record is None:
            continue
        edited = [record] if taker else [record, record.household, *_of_home(record.household)]
        since = _exported_at(edited, versions[index] or "")
        changes = [one for one in changes_of(edited, actor) if one.changes and one.what == "修改" and one.at > since]
        if changes:
            found[index] = _sentence(mapped, index, changes[0], names, edited)
    return found


def soften(mapped: Mapped, exact: Callable[[Collection[int]], set[int]]) -> None:
    """What the register itself lacks, or breaks a rule with, is no error of a row that was exported here and is as it was.

    `exact` tells such rows; nothing of them would be written.
    """
    wrong = {one.line for one in mapped.findings if one.severity == "E"}
    theirs = exact(wrong) if wrong else ()
    for one in mapped.findings:
        if one.severity == "E" and one.line in theirs:
            one.severity, one.hint = "W", f"{one.hint}（{AS_REGISTERED}）"


def _exported_at(records: list, version: str) -> dt.datetime:
    """When the stated version of a row (person, household, …: `storable.CLASHES`) was complete; the export came after."""
    stated = [number for number in version.split(".")[:2] if number.isdigit()]
    moments = [
        record.pgh_event_model.objects.filter(pgh_obj=record.pk, version=number)
        .values_list("pgh_created_at", flat=True)
        .last()
        for record, number in zip(records, stated, strict=False)
    ]
    return max((one for one in moments if one), default=dt.datetime.min.replace(tzinfo=dt.UTC))


def _of_home(home: Household) -> list[CaseRecord | IncomeStatement]:
    """What else the household's version counts."""
    return [*home.caserecord_set.all(), *home.incomestatement_set.filter(kind=IncomeKind.ROSTER)]


def _sentence(mapped: Mapped, index: int, change: Change, names: dict[tuple[str, str], str], edited: list) -> str:
    when = timezone.localtime(change.at).strftime("%m-%d %H:%M")
    records = [record for record in edited if str(record._meta.verbose_name) == change.subject]
    parts = [
        _part(mapped, index, one, names.get((change.subject, one.label), ""), records) for one in change.changes[:3]
    ]
    return f"导出以后，{change.who} {when} 改过：{'；'.join(parts)}"


def _part(mapped: Mapped, index: int, one: FieldChange, name: str, edited: list) -> str:
    """One field's values as they are now, were, and stand in the file; personal numbers masked, but never alike where they are not."""
    if name not in mapped.raw:
        return f"{one.label}现在是“{one.new or '空'}”（原为“{one.old or '空'}”），表里没有这一列"
    written = as_text(mapped.raw[name][index]).strip()
    kind = mapped.header.layout.by_name[name].type
    if kind not in PERSONAL:
        return f"{one.label}现在是“{one.new or '空'}”（原为“{one.old or '空'}”），表里是“{written or '空'}”"
    now, mask = _present(one.label, edited), masks.mask_id if kind == "id_number" else masks.mask_phone
    shown = [mask(text) if text else "空" for text in (now, written)]
    within = "（隐去的几位不同）" if now != written and shown[0] == shown[1] else ""
    return f"{one.label}现在是“{shown[0]}”，表里是“{shown[1]}”{within}"


def _present(label: str, edited: list) -> str:
    """The value that the first of the records with such a field has now."""
    found = (
        getattr(record, field.name)
        for record in edited
        for field in record._meta.concrete_fields
        if str(field.verbose_name) == label
    )
    return next((value or "" for value in found), "")
