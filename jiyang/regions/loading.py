"""Load a region list (CSV: code,name,level,parent_code) of any district. Keys stay, names and codes are dated."""

import csv
import datetime as dt
from pathlib import Path

from django.db import transaction

from jiyang.regions.enums import Level, NameKind
from jiyang.regions.models import Region, RegionCode, RegionName

DATA = Path(__file__).with_name("data")


class RegionFileError(ValueError):
    """The region file cannot be used; the message says where and why."""


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of the file, checked. Raises RegionFileError naming the line."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    if not rows or {"code", "name", "level", "parent_code"} - set(rows[0]):
        raise RegionFileError(f"{path.name} 不是区划表：首行应为 code,name,level,parent_code")
    known = {row["code"] for row in rows}
    for line, row in enumerate(rows, start=2):
        if row["level"] not in Level.values:
            raise RegionFileError(f"{path.name} 第 {line} 行：级别 {row['level']!r} 不认识")
        if row["level"] != Level.DISTRICT and row["parent_code"] not in known:
            raise RegionFileError(f"{path.name} 第 {line} 行：上级 {row['parent_code']} 不在表中")
    return rows


@transaction.atomic
def load_regions(path: Path, *, on: dt.date | None = None) -> dict[str, int]:
    """Add or rename the regions of a file. Returns {added, renamed, same}. A rename keeps the old name as 曾用名.

    A file `<name>_former.csv` beside it (code,former_code,former_name,note) brings former codes and names.
    """
    counts = {"added": 0, "renamed": 0, "same": 0}
    found = {region.code: region for region in Region.objects.all()}
    rows = read_rows(path)
    for level in (Level.DISTRICT, Level.TOWN, Level.ZONE, Level.VILLAGE):
        new = []
        for order, row in enumerate(rows):
            if row["level"] != level:
                continue
            region = found.get(row["code"])
            if region is None:
                new.append(_build(row, found, order))
                counts["added"] += 1
            elif region.name != row["name"]:
                _rename(region, row["name"], on)
                counts["renamed"] += 1
            else:
                counts["same"] += 1
        found.update({region.code: region for region in Region.objects.bulk_create(new)})
        RegionCode.objects.bulk_create(RegionCode(region=region, code=region.code) for region in new)
        RegionName.objects.bulk_create(RegionName(region=region, name=region.name) for region in new)
    _note_former(path.with_name(f"{path.stem}_former.csv"), found)
    return counts


def _build(row: dict[str, str], found: dict[str, Region], order: int) -> Region:
    parent = found.get(row["parent_code"])
    region = Region(level=row["level"], code=row["code"], name=row["name"], parent=parent, order=order)
    if parent:
        region.district = parent if parent.level == Level.DISTRICT else parent.district
        region.town = parent if parent.level == Level.TOWN else parent.town
        region.zone = parent if parent.level == Level.ZONE else None
    return region


def _rename(region: Region, name: str, on: dt.date | None) -> None:
    RegionName.objects.get_or_create(region=region, name=region.name, kind=NameKind.FORMER, defaults={"until": on})
    RegionName.objects.get_or_create(region=region, name=name, kind=NameKind.OFFICIAL, defaults={"since": on})
    region.name = name
    region.save(update_fields=["name"])


def _note_former(path: Path, found: dict[str, Region]) -> None:
    """Former codes and names; a region below a recoded district also answers to the district's former prefix."""
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    codes, names = [], []
    for row in rows:
        region = found[row["code"]]
        codes.append(RegionCode(region=region, code=row["former_code"]))
        names.append(RegionName(region=region, name=row["former_name"], kind=NameKind.FORMER, note=row["note"]))
        if region.level == Level.DISTRICT:
            below = [other for code, other in found.items() if code.startswith(region.code) and other != region]
            codes += [RegionCode(region=other, code=row["former_code"] + other.code[6:]) for other in below]
    RegionCode.objects.bulk_create(codes, ignore_conflicts=True)
    RegionName.objects.bulk_create(names, ignore_conflicts=True)
