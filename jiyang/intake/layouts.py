"""Layouts: one data file each says which headings a file has, what they are called here and how cells are read."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import TextChoices
from django.utils.module_loading import import_string

TYPES = {
    "text", "name", "id_number", "phone", "yes_no", "choice", "choices", "count", "money", "month", "day", "number_text",
    "district", "town", "village", "ignored",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One column: `name` is the register's word, `belongs_to` household or person, `required` = must not be empty."""

    name: str
    heading: str
    type: str
    belongs_to: str = "person"
    aliases: tuple[str, ...] = ()
    must_exist: bool = False
    required: str = ""  # finding code when the cell is empty
    rule: str = ""
    codes: type[TextChoices] | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def order(self) -> dict[str, int]:
        return {value: place for place, value in enumerate(self.codes.values)} if self.codes else {}


@dataclass(frozen=True)
class Layout:
    key: str
    title: str
    fields: tuple[Field, ...]

    def by_heading(self) -> dict[str, Field]:
        return {plain(name): one for one in self.fields for name in (one.heading, *one.aliases)}


def plain(heading: object) -> str:
    """A heading as it is compared: half-width, without blanks, line breaks, stars and colons."""
    return re.sub(r"[\s*＊:：_]", "", unicodedata.normalize("NFKC", str(heading)))


def _field(name: str, spec: dict, where: str) -> Field:
    if unknown := set(spec) - {"heading", "type", "belongs_to", "aliases", "must_exist", "required", "rule", "codes"}:
        raise ImproperlyConfigured(f"{where}.{name}: unknown keys {', '.join(sorted(unknown))}")
    if spec.get("type") not in TYPES:
        raise ImproperlyConfigured(f"{where}.{name}: unknown type {spec.get('type')}")
    codes, labels = None, {}
    if "codes" in spec:
        codes = import_string(spec["codes"])
        aliases = import_string(spec["codes"].rsplit(".", 1)[0] + ".ALIASES").get(codes, {})
        labels = {str(member.label): str(member.value) for member in codes} | {
            label: str(value) for label, value in aliases.items()
        }
    values = {**spec, "codes": codes, "labels": labels, "aliases": tuple(spec.get("aliases", ()))}
    return Field(name=name, **values)


def load(path: Path) -> Layout:
    """A layout from its file. Raises ImproperlyConfigured naming the place."""
    data = yaml.safe_load(path.read_text("utf-8"))
    return Layout(
        data["key"], data["title"], tuple(_field(name, spec, path.name) for name, spec in data["fields"].items())
    )


@cache
def layouts() -> dict[str, Layout]:
    """Every layout of every app (`<app>/layouts/*.yaml`), by key."""
    paths = [
        path for config in apps.get_app_configs() for path in sorted((Path(config.path) / "layouts").glob("*.yaml"))
    ]
    return {layout.key: layout for layout in map(load, paths)}
