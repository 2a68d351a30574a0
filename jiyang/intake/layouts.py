"""Layouts: one data file each says which headings a file has, what they are called here and how cells are read.

`<app>/layouts/fields.yaml` describes the app's columns once; every other file there is a layout that lists them by name,
as `name`, `name: its own heading`, or `name: {what differs}`. Adding a layout is adding a file.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import TextChoices
from django.utils.module_loading import import_string

from jiyang.intake.brackets import objection, parted, set_apart

# type -> SQL type of a staged column; None: read into the row's place, or not at all
TYPES = {
    "text": "text", "name": "text", "number_text": "text", "choice": "text", "listed": "text", "county_place": "text",
    "choices": "text[]", "labels": "text[]", "yes_no": "boolean", "count": "integer", "year": "integer",
    "money": "numeric(14,2)", "decimal": "numeric(14,2)", "month": "date", "day": "date", "birth": "date", "id_number": "bytea", "phone": "bytea",
    "district": None, "town": None, "village": None, "ignored": None,
}  # fmt: skip
ROWS = {"person", "household", "spell", "plan", "village"}
KEYS = {
    "heading",
    "type",
    "belongs_to",
    "aliases",
    "required",
    "rule",
    "codes",
    "list",
    "blank",
    "doubtful",
    "begins",
    "asks",
    "asks_lack",
    "own",
    "optional",
}
EXPORTED = {
    "person",
    "household",
    "spell",
    "plan",
    "village",
}  # rows that the register and its ledgers export themselves
SHARED, LABELS = "fields", "labels"
UNIT = re.compile(r"\((?:[千万]?元|亩|个?月|人|个|户|公里|平方米)\)$")  # behind a heading of a layout's own
AMOUNT = re.compile(r"\((?:单位|[^()]*[/、,;])?([千万]?元)(?:[/每·、,;][^()]*)?\)(?:\([^()]*\))*$")
UNIT_BEHIND = re.compile(
    r"(?<=[^()/、,;|])(?:[/、,;|]|[/、,;|]?单位)([百千万]?元(?:/[人户月年])*)$"
)  # an amount's, without brackets
BRACKETS = str.maketrans("[]〔〕", "()()")
YEAR_IN_FRONT = re.compile(r"^20\d\d年度?")  # 2019年人均纯收入: not what is now
MEASURE = re.compile(r"\((亩|公里|平方米)\)$")
NUMBERED = re.compile(r"^(?:[a-z]{0,2}\d{1,3}[.、)]?|\(\d{1,3}\)|[一二三四五六七八九十]{1,3}[、.])")
MARKS = r"\s*＊:：_\"'“”‘’《》★☆※●◆■▲△【】「」『』\u200b-\u200f\ufeff"
OF_PLACE = re.compile(r"^(?:所属|所在)|名称$")  # 所属乡镇, 村居名称
PLACES = ("district", "town", "village")
OF_PERSON = re.compile(r"^(?:(?:家庭)?成员|(?:务工|脱贫)?人员|(?:脱贫)?人口|本人)")  # 成员身份证号
OF_PEOPLE = {"person", "spell", "plan"}  # rows of which each is about one person
LEGACY_CODE = re.compile(r"aa[a-z]\d{3}")  # dumps of the old system: the code alone, or with what it means


@dataclass(frozen=True)
class Field:
    """One column: `name` is the register's word, `belongs_to` household, person or file, `required` = must not be empty.

    `blank` lists what is written for "nothing", `doubtful` further labels that do not surely mean what they are taken for; `begins`
    names the field with the day on which begins what this one's day ends; `asks` lists what a yes/no column asks whether it was done
    or is (参加), `asks_lack` what it asks whether it was not (是否未参加); `allowed` the official texts of a `listed` field. An `optional` column is not
    missed where a file has none. `stated_unit` is the unit of amounts that the file's own heading states, where it is not `unit`.
    """

    name: str
    heading: str
    type: str
    belongs_to: str = "person"
    aliases: tuple[str, ...] = ()
    must_exist: bool = False
    optional: bool = False
    required: str = ""  # finding code when the cell is empty
    rule: str = ""
    codes: type[TextChoices] | None = None
    allowed: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    begins: str = ""
    asks: tuple[str, ...] = ()
    asks_lack: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict, hash=False)
    stated_unit: str = ""

    @property
    def unit(self) -> str:
        """What a column of amounts or measures counts in; "" where nothing says so."""
        named = next(filter(None, map(MEASURE.search, map(plain, (self.heading, *self.aliases)))), None)
        return named[1] if named else "" if self.type != "money" else "万元" if "万元" in self.heading else "元"

    @property
    def owner(self) -> str:
        """Whose an amount is: a person's (人) or a household's (户)."""
        return "人" if self.belongs_to == "person" or "人均" in self.heading else "户"

    @property
    def per(self) -> set[str]:
        """Per what an amount may be said to count: its time and its owner."""
        return {"月" if "月" in self.heading else "年", self.owner}

    @property
    def in_months(self) -> bool:
        """Whether a count is one of months."""
        return self.type == "count" and any("月" in name for name in (self.heading, *self.aliases))

    @property
    def own_unit(self) -> str:
        """What a column counts in, as it is said to people."""
        if self.type == "money":
            return f"{self.unit}/{'月' if '月' in self.per else '年'}"
        return {"count": "月" if self.in_months else "个数", "year": "年"}.get(self.type, self.unit)

    def under(self, heading: str) -> "Field":
        """The field as a file's heading (in compared form) states its unit."""
        stated = AMOUNT.search(heading)
        return (
            replace(self, stated_unit=stated[1]) if self.type == "money" and stated and stated[1] != self.unit else self
        )

    @cached_property
    def order(self) -> dict[str, int]:
        return {value: place for place, value in enumerate(self.codes.values)} if self.codes else {}

    @cached_property
    def official(self) -> dict[str, str]:
        """Key → official label."""
        return {str(value): str(label) for value, label in self.codes.choices} if self.codes else {}

    @cached_property
    def answers(self) -> dict[str, bool]:
        """Words that answer what a yes/no column asks: 已参加 is yes where it asks whether somebody takes part, no where it asks who does not."""
        found: dict[str, bool] = {}
        for word, done in [*((word, True) for word in self.asks), *((word, False) for word in self.asks_lack)]:
            found |= {f"{yes}{word}": done for yes in ("已", "", "已经")}
            found |= {f"{no}{word}": not done for no in ("未", "没", "没有", "不", "尚未")}
        return found | ({"已": True, "未": False} if self.asks else {})

    @property
    def sql_type(self) -> str | None:
        return TYPES[self.type] if self.belongs_to != "file" else None

    @property
    def is_value(self) -> bool:
        """Whether the column holds values of the row: neither a place nor left out."""
        return self.sql_type is not None


@dataclass(frozen=True)
class Layout:
    """`rows` says what one row is: person, household, spell, plan or village. `own` are columns of ours that a file exported
    here may have besides the official `fields` (`<app>/layouts/fields.yaml`, `own: true`).
    """

    key: str
    title: str
    fields: tuple[Field, ...]
    rows: str = "person"
    own: tuple[Field, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {one.name: one for one in (*self.fields, *self.own)}

    @cached_property
    def by_heading(self) -> dict[str, Field]:
        """Compared form of the layout's own headings → field."""
        return {plain(one.heading): one for one in (*self.fields, *self.own)}

    @cached_property
    def by_alias(self) -> dict[str, Field]:
        """Compared form of every other heading that is understood → field; the layout's own headings win."""
        found: dict[str, Field] = {}
        for one in self.fields:
            for name in one.aliases:
                found.setdefault(plain(name), one)
        for name, one in {**found, **self.by_heading}.items():
            found.setdefault(UNIT.sub("", name), one)
        return {name: one for name, one in found.items() if name not in self.by_heading}

    def find(self, heading: str) -> Field | None:
        """The field of a heading in compared form; a number before it and what brackets say of filling in do not matter."""
        one, objected = self._reading(heading)
        return None if objected else one

    def objection(self, heading: str) -> str:
        """Why a heading that would mean a field is not read as it: a year in front, or what stands in brackets behind it; "" for no such heading."""
        return self._reading(heading)[1]

    @cached_property
    def _reading(self) -> Callable[[str], tuple[Field | None, str]]:
        """A heading is asked for in every row that might be one, and again for its objection."""
        return lru_cache(maxsize=4096)(self._read)

    def _read(self, heading: str) -> tuple[Field | None, str]:
        bare, code = NUMBERED.sub("", heading), LEGACY_CODE.search(heading)
        for name in (heading, bare, *([code[0]] if code else ())):
            if one := self._named(name):
                return one, ""
        if (year := YEAR_IN_FRONT.match(heading)) and (one := self._named(heading[year.end() :])):
            return one, f"前面的“{year[0]}”可能改变这一列的含义"
        for base, said in chain(parted(heading), parted(bare), set_apart(bare)):
            if one := self._named(base):
                return one, next(filter(None, (objection(one, text) for text in said)), "")
        return None, ""

    def _named(self, name: str) -> Field | None:
        return self.by_heading.get(name) or self.by_alias.get(name) or self._worded(name)

    def _worded(self, name: str) -> Field | None:
        """A heading that says besides whose a place or a person's column is: 所属乡镇, 村居名称, 成员身份证号."""
        place = self.by_alias.get(name := OF_PLACE.sub("", name)) or self.by_heading.get(name)
        if place is not None and place.type in PLACES:
            return place
        if self.rows in OF_PEOPLE and (bare := OF_PERSON.sub("", name)) != name:
            one = self.by_heading.get(bare) or self.by_alias.get(bare)
            return one if one is not None and one.belongs_to == "person" else None
        return None


@lru_cache(maxsize=4096, typed=True)  # the first rows of a sheet are compared with the headings of every layout
def plain(heading: object) -> str:
    """A heading as it is compared: half-width, without blanks, line breaks, invisible characters, stars and other marks, colons and quotes;
    all brackets are round, and the unit of an amount stands in them.
    """
    bare = re.sub(rf"_x00[01][0-9A-Fa-f]_|[{MARKS}]", "", unicodedata.normalize("NFKC", str(heading))).lower()
    bare = bare.translate(BRACKETS)
    return UNIT_BEHIND.sub(r"(\1)", bare) if "元" in bare else bare


def label_key(text: str) -> str:
    """A code list's label as it is compared: half-width, without blanks; 其它 is 其他."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("其它", "其他")


@cache
def spellings() -> dict[str, dict[str, str]]:
    """Path of a code list → {further spelling: member}, from `<app>/layouts/labels.yaml`."""
    paths = [Path(config.path) / "layouts" / f"{LABELS}.yaml" for config in apps.get_app_configs()]
    return {
        codes: written
        for path in paths
        if path.exists()
        for codes, written in yaml.safe_load(path.read_text("utf-8")).items()
    }


def _labels(codes: type[TextChoices], path: str) -> dict[str, str]:
    written = spellings().get(path, {})
    if unknown := set(written.values()) - set(codes.values):
        raise ImproperlyConfigured(f"{LABELS}.yaml: {path} has no {', '.join(sorted(unknown))}")
    return {label_key(label): str(value) for label, value in (*written.items(), *((m.label, m.value) for m in codes))}


def _field(name: str, spec: dict, where: str) -> Field:
    if unknown := set(spec) - KEYS:
        raise ImproperlyConfigured(f"{where}.{name}: unknown keys {', '.join(sorted(unknown))}")
    if spec.get("type") not in TYPES:
        raise ImproperlyConfigured(f"{where}.{name}: unknown type {spec.get('type')}")
    values = {key: value for key, value in spec.items() if key not in {"codes", "list", "own"}}
    if "codes" in spec:
        codes = import_string(spec["codes"])
        values |= {"codes": codes, "labels": _labels(codes, spec["codes"])}
    if "list" in spec:
        values["allowed"] = tuple(import_string(spec["list"]))
    values |= {key: tuple(map(label_key, spec.get(key, ()))) for key in ("blank", "doubtful")}
    values |= {key: tuple(spec.get(key, ())) for key in ("aliases", "asks", "asks_lack")}
    return Field(name=name, **values)


def _entry(item: str | dict, shared: dict[str, dict], where: str) -> tuple[str, dict]:
    """(name, full description) of one entry of a layout's `fields`."""
    name, own = (item, {}) if isinstance(item, str) else next(iter(item.items()))
    own = {"heading": own} if isinstance(own, str) else own
    known = shared.get(name, {})
    if not known and "type" not in own:
        raise ImproperlyConfigured(f"{where}: {name} is not in {SHARED}.yaml")
    spec = {**known, **own}
    also = [known.get("heading"), *known.get("aliases", ()), *own.get("aliases", ())]
    spec["aliases"] = [one for one in dict.fromkeys(also) if one and one != spec["heading"]]
    return name, spec


def load(path: Path, shared: dict[str, dict] | None = None) -> Layout:
    """A layout from its file. Raises ImproperlyConfigured naming the place."""
    data = yaml.safe_load(path.read_text("utf-8"))
    if data.get("rows", "person") not in ROWS:
        raise ImproperlyConfigured(f"{path.name}: rows must be one of {', '.join(sorted(ROWS))}")
    entries = dict(_entry(item, shared or {}, path.name) for item in data["fields"])
    needed = set(data.get("must_exist", ()))
    if unknown := needed - set(entries):
        raise ImproperlyConfigured(f"{path.name}: must_exist names {', '.join(sorted(unknown))}")
    fields = tuple(replace(_field(name, spec, path.name), must_exist=name in needed) for name, spec in entries.items())
    rows = data.get("rows", "person")
    ours = [name for name, spec in (shared or {}).items() if spec.get("own") and rows in EXPORTED]
    return Layout(data["key"], data["title"], fields, rows, tuple(_field(name, shared[name], SHARED) for name in ours))


@cache
def layouts() -> dict[str, Layout]:
    """Every layout of every app (`<app>/layouts/*.yaml`), by key."""
    found = {}
    for config in apps.get_app_configs():
        paths = {path.stem: path for path in sorted((Path(config.path) / "layouts").glob("*.yaml"))}
        paths.pop(LABELS, None)
        shared = yaml.safe_load(paths.pop(SHARED).read_text("utf-8")) if SHARED in paths else {}
        found |= {layout.key: layout for layout in (load(path, shared) for path in paths.values())}
    return found


@cache
def meanings() -> dict[str, set[str]]:
    """Compared form of a heading → the fields that it means in one layout or another."""
    found: dict[str, set[str]] = {}
    for layout in layouts().values():
        for heading, one in {**layout.by_alias, **layout.by_heading}.items():
            found.setdefault(heading, set()).add(one.name)
    return found


@dataclass(frozen=True)
class Column:
    """One column of an export: the official heading, the field, and how its value is written as a cell's text."""

    heading: str
    field: Field
    write: Callable[[Any], str]


def export_columns(layout: Layout) -> list[Column]:
    """The columns of an export in `layout`, in the official order; what they write reads back as the same value.

    Places are written from the text given (the region's name); `serial` and columns the register does not hold stay with
    the caller. Cells are texts; one that a spreadsheet would take for a formula gets an apostrophe, which the reader
    takes off again.
    """
    from jiyang.intake.writing import writer_for

    return [Column(one.heading, one, writer_for(one)) for one in layout.fields]


def known_fields(layouts: Iterable[Layout]) -> dict[str, Field]:
    """Every field of several layouts by name, the first one's description counting."""
    return {one.name: one for layout in reversed(list(layouts)) for one in layout.fields}
