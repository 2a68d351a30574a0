"""Saved mappings: an office says once what its own headings mean (DESIGN.md 7; for home-made tables)."""

from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from jiyang.accounts.models import User
from jiyang.intake.layouts import layouts, plain
from jiyang.intake.models import SavedMapping
from jiyang.regions.models import Region


@transaction.atomic
def save_mapping(
    *, by: User, target: str, layout: str, mapping: Mapping[str, str], district: Region, town: Region | None = None
) -> int:
    """Keep {heading as written: field name, or "" to leave the column out} for an office; returns how many were new or changed.

    Headings that the layout understands by itself are not kept. Raises ValidationError with every unknown field.
    """
    known = layouts().get(layout)
    if known is None:
        raise ValidationError(f"没有版式 {layout}")
    if wrong := sorted({name for name in mapping.values() if name and name not in known.by_name}):
        raise ValidationError([f"版式“{known.title}”没有字段 {name}" for name in wrong])
    wanted = {plain(heading)[:120]: name for heading, name in mapping.items() if plain(heading)}
    office = {"district": district, "town": town, "target": target, "layout": layout}
    present = {one.heading: one for one in SavedMapping.objects.select_for_update().filter(**office, ended_at=None)}
    changed = 0
    for heading, name in wanted.items():
        own = known.find(heading)
        if (own is not None and own.name == name) or (heading in present and present[heading].field == name):
            continue
        row = present.get(heading) or SavedMapping(**office, heading=heading)
        row.field, row.saved_by = name, by
        row.save()
        changed += 1
    return changed


@transaction.atomic
def forget_headings(
    *, by: User, target: str, layout: str, headings: Collection[str], district: Region, town: Region | None = None
) -> int:
    """End what an office has saved of these headings; returns how many there were."""
    office = {"district": district, "town": town, "target": target, "layout": layout}
    found = SavedMapping.objects.filter(**office, ended_at=None, heading__in=[plain(one)[:120] for one in headings])
    return len([forget_mapping(by=by, pk=pk) for pk in found.values_list("pk", flat=True)])


@transaction.atomic
def forget_mapping(*, by: User, pk: int) -> SavedMapping:
    """End a saved mapping. Raises SavedMapping.DoesNotExist outside the actor's scope."""
    row = SavedMapping.objects.select_for_update().get(pk=pk, ended_at=None)
    row.ended_at, row.saved_by = timezone.now(), by
    row.save()
    return row


def mapping_of(target: str, district: Region, town: Region | None = None) -> dict[str, dict[str, str]]:
    """{layout: {heading in compared form: field}} in force for an office; a town's own word goes before the district's."""
    rows = SavedMapping.objects.filter(target=target, district=district, ended_at=None)
    found: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: row.town_id is not None):
        if row.town_id in (None, town.pk if town else None):
            found.setdefault(row.layout, {})[row.heading] = row.field
    return found
