"""Town and village names of files → regions: tolerant of suffixes, former names and codes; never guessing."""

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from django.db.models import Count, Max

from jiyang.intake.cells import changed, narrow
from jiyang.regions.enums import Level
from jiyang.regions.models import Region, RegionCode, RegionName

ABOVE = re.compile(r"^(?:山东省|山东)?(?:济南市|济南)?")
TOWN_SUFFIXES = ("街道办事处", "街道办", "街办", "办事处", "街道", "办", "镇", "乡")
TOWN_SUFFIX = re.compile(rf"(?:{'|'.join(TOWN_SUFFIXES)})$")
DISTRICT_SUFFIX = re.compile(r"[县区]$")
NEVER_ABOVE = "补填行政村；如果只写在每村的第一行，请向下填满后再传"
AROUND_NAME = re.compile(
    r"^[\d\s.、．()（）_\-—]+|(?:名单|数据|台账)?[\d\s.()（）_\-—]*(?:[(（][^()（）]*[)）])?$"
)  # 3.崔寨(2)
VILLAGE_SUFFIX = re.compile(r"(?:村民委员会|居民委员会|村委会|居委会|村委|居委|社区|行政村|村)$")


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


@lru_cache(1 << 13)
def _keys(name: str) -> tuple[str, str]:
    """A village's name as compared in full and without suffixes; kept: every file asks for those of the whole district."""
    return narrow(name), village_key(name)


@dataclass(frozen=True)
class Place:
    """Where a row lies: keys of district, town and village, or the code of what is wrong and at which field.

    `alias` tells what was written otherwise: (field, finding code, official name) each.
    """

    district: int | None = None
    town: int | None = None
    village: int | None = None
    code: str = ""
    field: str = ""
    hint: str = ""
    note: str = ""
    alias: tuple[tuple[str, str, str], ...] = ()


def _changes() -> tuple:
    """Last and number of the changes of regions, names and codes: the same as long as none of them has changed."""
    kept = (model.pgh_event_model.objects for model in (Region, RegionName, RegionCode))
    return tuple(tuple(events.aggregate(Max("pk"), Count("pk")).values()) for events in kept)


@lru_cache(4)
def _made(district: Region, changes: tuple) -> "RegionIndex":
    return RegionIndex.make(district)


@dataclass
class RegionIndex:
    """All names and codes of one district. `resolve` is memoised: a file has few distinct places."""

    district: Region
    towns: dict[str, int] = field(default_factory=dict)
    villages: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    exact: dict[tuple[int, str], int] = field(default_factory=dict)
    anywhere: dict[str, set[int]] = field(default_factory=dict)
    towns_of: dict[str, set[int]] = field(default_factory=dict)  # by a village's official name
    names: dict[int, str] = field(default_factory=dict)
    official: dict[int, str] = field(default_factory=dict)
    district_names: set[str] = field(default_factory=set)
    short_district_names: set[str] = field(default_factory=set)  # 济阳
    seen: dict[tuple, Place] = field(default_factory=dict)

    @classmethod
    def load(cls, district: Region) -> "RegionIndex":
        """As it was made for the last file, unless history tells of a change since. Three queries, six when made anew."""
        return replace(_made(district, _changes()), seen={})

    @classmethod
    def make(cls, district: Region) -> "RegionIndex":
        """From the database. Three queries."""
        index = cls(district)
        regions = {region.pk: region for region in Region.objects.filter(district=district).exclude(level=Level.ZONE)}
        names = [*((region.pk, region.name) for region in regions.values()),
                 *RegionName.objects.filter(region__in=[*regions, district.pk]).values_list("region", "name"),
                 *RegionCode.objects.filter(region__in=[*regions, district.pk]).values_list("region", "code")]  # fmt: skip
        for region in regions.values():
            index._note(region)
        index.district_names = {narrow(district.name), district.code}
        for pk, name in dict.fromkeys(names):
            if pk == district.pk:
                index.district_names |= {narrow(name), name[:6]}
            else:
                index._spell(regions[pk], name)
        index.short_district_names = {DISTRICT_SUFFIX.sub("", name) for name in index.district_names} - {""}
        index.district_names |= {f"{name}000000" for name in index.district_names if name.isdigit() and len(name) == 6}
        return index

    def _note(self, region: Region) -> None:
        self.official[region.pk] = region.name
        if region.level == Level.TOWN:
            self.names[region.pk] = region.name
        else:
            self.names[region.pk] = region.short_name
            self.towns_of.setdefault(_keys(region.name)[0], set()).add(region.town_id)

    def _spell(self, region: Region, name: str) -> None:
        if region.level == Level.TOWN:
            self.towns.setdefault(town_key(name), region.pk)
            self.towns.setdefault(narrow(name), region.pk)
            return
        full, short = _keys(name)
        self.exact.setdefault((region.town_id, full), region.pk)
        found = self.villages.setdefault((region.town_id, short), [])
        if region.pk not in found:
            found.append(region.pk)
        self.anywhere.setdefault(short, set()).add(region.town_id)

    def resolve(self, district: str, town: str, village: str, *, columns: Collection[str] = ("town",)) -> Place:
        """The place of one row by its three cells; `columns` are those that the file has."""
        key = (district, town, village, "town" in columns)
        if key not in self.seen:
            self.seen[key] = self._resolve(*key)
        return self.seen[key]

    def _resolve(self, district: str, town: str, village: str, has_town: bool) -> Place:
        if district and not self._is_own(district):
            return Place(code="town_outside_district", field="district", hint=f"本区是{self.district.name}")
        if has_town and not narrow(town):
            return Place(self.district.pk, code="town_empty", field="town", hint=self._towns_with(village))
        town_pk = self._town(town) if has_town else self._town_of(village)
        if town_pk is None and has_town:
            near = self._near(narrow(town), [self.names[pk] for pk in set(self.towns.values())])
            return Place(code="town_outside_district", field="town", hint=near)
        if town_pk is None:
            return Place(self.district.pk, code="village_unknown", field="village", hint="文件没有乡镇列，请补上镇街")
        found = self._village(town_pk, village)
        if isinstance(found, Place):
            return found
        return Place(self.district.pk, town_pk, found, alias=self._aliases(district, town, village, town_pk, found))

    def towns_named(self, sheets: Collection[str]) -> dict[str, str]:
        """Sheets named after a town without its suffix → its official name; one that may be the district, only beside another town's."""
        short = {sheet: AROUND_NAME.sub("", sheet) for sheet in sheets}
        found = {sheet: self.official[pk] for sheet, name in short.items() if name and (pk := self._town(name))}
        several = len(set(found.values())) > 1
        return {
            sheet: town for sheet, town in found.items() if several or short[sheet] not in self.short_district_names
        }

    def village_named(self, sheet: str) -> str:
        """The village of the district after which a sheet is named, as it is written there; "" for none."""
        name = AROUND_NAME.sub("", narrow(sheet))
        return name if len(name) > 1 and village_key(name) in self.anywhere else ""

    def town_told(self, text: str) -> str:
        """The official name of the one town that a title or a file's name names in full (济阳街道); "" where none or several are meant."""
        written = narrow(text)
        full = [name for name in self.towns if TOWN_SUFFIX.search(name) and not name.isdigit() and name in written]
        several = any(re.search(rf"{name}(?:[等和及至、]|以外)", written) for name in full)
        found = {self.towns[name] for name in full}
        return self.official[found.pop()] if len(found) == 1 and not several else ""

    def _is_own(self, district: str) -> bool:
        name = narrow(district)
        below = ABOVE.sub("", name, count=1)
        return bool(self.district_names & {name, below} or below in self.short_district_names)

    def _town(self, town: str) -> int | None:
        """By name, former name or code, also with the district in front (济阳区仁风镇)."""
        for name in (narrow(town), self._below(narrow(town))):
            pk = self.towns.get(name) or self.towns.get(town_key(name))
            if pk is not None:
                return pk
            if name.isdigit() and len(name) in (9, 12) and name[9:] in ("", "000"):
                now = f"{self.district.code[:6]}{name[6:9]}" if name[:6] in self.district_names else ""  # of 370125101
                return self.towns.get(name[:9]) or self.towns.get(now)
        return None

    def _below(self, name: str) -> str:
        """A name without the province, city and district in front of it."""
        short = ABOVE.sub("", name, count=1)
        own = next((one for one in self.district_names if short.startswith(one) and len(short) > len(one)), "")
        return short.removeprefix(own) if own else name

    def _town_of(self, village: str) -> int | None:
        """The town of a village whose name is unique in the district."""
        towns = self.anywhere.get(village_key(village), set()) if narrow(village) else set()
        return next(iter(towns)) if len(towns) == 1 else None

    def _village(self, town_pk: int, village: str) -> int | Place:
        written = narrow(village)
        for name in (written, self._without_town(town_pk, written)):
            found = self.exact.get((town_pk, name))
            if found is not None:
                return found
            candidates = self.villages.get((town_pk, village_key(name)), []) if name else []
            if (
                candidates and written in self.towns_of
            ):  # another town's village to the letter, one of this town's nearly
                options = "、".join(self.official[pk] for pk in candidates)
                hint = f"{self._towns_with(village, self.towns_of[written])}，本镇街相近的是：{options}"
                return Place(self.district.pk, town_pk, None, "village_other_town", "village", hint)
            if len(candidates) == 1:
                return candidates[0]
            if candidates:
                options = "、".join(self.names[pk] for pk in candidates)
                hint = f"本镇街有多个相近的村：{options}，请写全称"
                return Place(self.district.pk, town_pk, None, "village_unknown", "village", hint)
        return self._missing(town_pk, village)

    def _without_town(self, town_pk: int, village: str) -> str:
        """仁风镇李家坊村 → 李家坊村."""
        short = self._below(village)
        fronts = sorted((name for name, pk in self.towns.items() if pk == town_pk and not name.isdigit()), key=len)
        for front in reversed(fronts):
            for suffix in TOWN_SUFFIXES:
                if short.startswith(town_key(front) + suffix):
                    return short.removeprefix(town_key(front) + suffix)
        return short

    def _aliases(self, district: str, town: str, village: str, town_pk: int, village_pk: int) -> tuple:
        pairs = (
            ("district", district, self.district.name),
            ("town", town, self.official[town_pk]),
            ("village", village, self.official[village_pk]),
        )
        return tuple(
            (name, changed(written, official) if narrow(written) == official else "place_alias", official)
            for name, written, official in pairs
            if written and written != official
        )

    def _towns_with(self, village: str, others: Collection[int] = ()) -> str:
        """A hint: the towns in which there is a village of this name."""
        others = others or (self.anywhere.get(village_key(village), set()) if narrow(village) else set())
        return f"{'、'.join(sorted(self.names[pk] for pk in others))}有这个村" if others else ""

    def _missing(self, town_pk: int, village: str) -> Place:
        if not narrow(village):
            return Place(self.district.pk, town_pk, None, "village_unknown", "village", NEVER_ABOVE, "行政村为空")
        if where := self._towns_with(village):
            return Place(self.district.pk, town_pk, None, "village_other_town", "village", where)
        known = [self.names[pk] for (town, _), keys in self.villages.items() if town == town_pk for pk in keys]
        return Place(self.district.pk, town_pk, None, "village_unknown", "village", self._near(village, known))

    @staticmethod
    def _near(name: str, known: Iterable[str]) -> str:
        near = difflib.get_close_matches(village_key(name), dict.fromkeys(known), n=2, cutoff=0.5)
        return f"相近：{'、'.join(near)}" if near else ""
