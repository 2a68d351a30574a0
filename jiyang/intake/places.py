"""Town and village names of files → regions: tolerant of suffixes, former names and codes; never guessing."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from jiyang.intake.cells import narrow
from jiyang.regions.enums import Level
from jiyang.regions.models import Region, RegionCode, RegionName

TOWN_SUFFIX = re.compile(r"(?:街道办事处|街道办|办事处|街道|镇|乡)$")
VILLAGE_SUFFIX = re.compile(r"(?:村民委员会|居民委员会|村委会|居委会|社区|村)$")


def town_key(name: str) -> str:
    return TOWN_SUFFIX.sub("", narrow(name)) or narrow(name)


def village_key(name: str) -> str:
    """The village's name without its suffixes: 李家坊村民委员会, 李家坊村 and 李家坊 are one."""
    short = narrow(name)
    for _ in range(3):
        shorter = VILLAGE_SUFFIX.sub("", short)
        if not shorter or shorter == short:
            break
        short = shorter
    return short


@dataclass(frozen=True)
class Place:
    """Where a row lies: keys of district, town and village, or the code of what is wrong and at which field."""

    district: int | None = None
    town: int | None = None
    village: int | None = None
    code: str = ""
    field: str = ""
    hint: str = ""


@dataclass
class RegionIndex:
    """All names and codes of one district. `resolve` is memoised: a file has few distinct places."""

    district: Region
    towns: dict[str, int] = field(default_factory=dict)
    villages: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    exact: dict[tuple[int, str], int] = field(default_factory=dict)
    anywhere: dict[str, set[int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    district_names: set[str] = field(default_factory=set)
    seen: dict[tuple[str, str, str], Place] = field(default_factory=dict)

    @classmethod
    def load(cls, district: Region) -> "RegionIndex":
        """From the database. Three queries."""
        index = cls(district)
        regions = {region.pk: region for region in Region.objects.filter(district=district).exclude(level=Level.ZONE)}
        names = [*((region.pk, region.name) for region in regions.values()),
                 *RegionName.objects.filter(region__in=regions).values_list("region", "name"),
                 *RegionCode.objects.filter(region__in=regions).values_list("region", "code")]  # fmt: skip
        for pk, name in dict.fromkeys(names):
            index._note(regions[pk], name)
        own = RegionName.objects.filter(region=district).values_list("name", flat=True)
        index.district_names = {narrow(name) for name in [district.name, *own]}
        return index

    def _note(self, region: Region, name: str) -> None:
        if region.level == Level.TOWN:
            self.towns.setdefault(town_key(name), region.pk)
            self.towns.setdefault(narrow(name), region.pk)
            self.names[region.pk] = region.name
        else:
            self.exact.setdefault((region.town_id, narrow(name)), region.pk)
            found = self.villages.setdefault((region.town_id, village_key(name)), [])
            if region.pk not in found:
                found.append(region.pk)
            self.anywhere.setdefault(village_key(name), set()).add(region.town_id)
            self.names[region.pk] = region.short_name

    def resolve(self, district: str, town: str, village: str) -> Place:
        key = (district, town, village)
        if key not in self.seen:
            self.seen[key] = self._resolve(*key)
        return self.seen[key]

    def _resolve(self, district: str, town: str, village: str) -> Place:
        town_pk = self.towns.get(narrow(town)) or self.towns.get(town_key(town))
        if town_pk is None or (district and narrow(district) not in self.district_names):
            near = self._near(narrow(town), [self.names[pk] for pk in set(self.towns.values())])
            return Place(code="town_outside_district", field="town" if town_pk is None else "district", hint=near)
        found = self.exact.get((town_pk, narrow(village)))
        if found is None:
            candidates = self.villages.get((town_pk, village_key(village)), [])
            found = candidates[0] if len(candidates) == 1 else None
            if len(candidates) > 1:
                options = "、".join(self.names[pk] for pk in candidates)
                return Place(
                    self.district.pk,
                    town_pk,
                    None,
                    "village_unknown",
                    "village",
                    f"本镇街有多个相近的村：{options}，请写全称",
                )
        if found is None:
            return self._missing(town_pk, village)
        return Place(self.district.pk, town_pk, found)

    def _missing(self, town_pk: int, village: str) -> Place:
        others = self.anywhere.get(village_key(village), set()) if narrow(village) else set()
        if others:
            where = "、".join(sorted(self.names[pk] for pk in others))
            return Place(self.district.pk, town_pk, None, "village_other_town", "village", f"{where}有这个村")
        known = [self.names[pk] for (town, _), keys in self.villages.items() if town == town_pk for pk in keys]
        return Place(self.district.pk, town_pk, None, "village_unknown", "village", self._near(village, known))

    @staticmethod
    def _near(name: str, known: Iterable[str]) -> str:
        near = difflib.get_close_matches(village_key(name), [*known], n=2, cutoff=0.5)
        return f"相近：{'、'.join(near)}" if near else ""
