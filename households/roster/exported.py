"""Rows of a file that was exported here and edited since: what the file says, what stands now, who changed it and when."""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from households.enums import IncomeKind
from households.models import CaseRecord, Household, IncomeStatement, Person
from households.roster.fields import OWNERS
from households.roster.takers import Taker, taker_of
from jiyang.access.scope import require
from jiyang.audit.history import Change, changes_of
from jiyang.intake.cells import as_text
from jiyang.intake.normalise import Mapped

EDITED = "edited_since_export"
MOST_TOLD = 200  # rows told in full; more say only that they were edited
PERSONAL = {"id_number", "phone"}  # never in a message
MODELS = {model._meta.model_name: model for model in (Person, Household, CaseRecord, IncomeStatement)}


def headings(taker: Taker | None) -> dict[str, str]:
    """Heading in the history -> field of the layouts."""
    models = {taker.name: taker.model} if taker else MODELS
    return {
        str(models[owner]._meta.get_field(column.removesuffix("_id")).verbose_name): name
        for name, (owner, column) in (taker.owners if taker else OWNERS).items()
    }


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
            found[index] = _sentence(mapped, index, changes[0], names)
    return found


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


def _sentence(mapped: Mapped, index: int, change: Change, names: dict[str, str]) -> str:
    when = timezone.localtime(change.at).strftime("%m-%d %H:%M")
    parts = []
    for one in change.changes[:3]:
        name = names.get(one.label)
        written = as_text(mapped.raw[name][index]).strip() if name in mapped.raw else ""
        if written and mapped.header.layout.by_name[name].type in PERSONAL:
            written = "（隐去）"
        parts.append(f"{one.label}现在是“{one.new or '空'}”（原为“{one.old or '空'}”），表里是“{written or '空'}”")
    return f"导出以后，{change.who} {when} 改过：{'；'.join(parts)}"
