"""What the apps say of their parameters and of what could not be found: `parameters.yaml` and `gaps.yaml` of each app."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.apps import AppConfig, apps

LIBRARY = "site-packages"


@dataclass(frozen=True)
class Origin:
    """Which app declares a key, and the apps whose code or rules read it."""

    app: str
    title: str
    order: int
    users: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """没有查到的文件或规定 (DOMAIN.md 18): what it is, who is to confirm it, what works with a default meanwhile."""

    what: str
    ask: str
    effect: str
    keys: tuple[str, ...]


def our_apps() -> list[AppConfig]:
    return [config for config in apps.get_app_configs() if LIBRARY not in config.path]


def read(config: AppConfig, name: str) -> dict | list:
    path = Path(config.path) / name
    return (yaml.safe_load(path.read_text("utf-8")) or {}) if path.exists() else {}


@cache
def origins() -> dict[str, Origin]:
    """Key → origin, for every key that an app declares. Reads the apps' files once per process."""
    texts = {config.verbose_name: _sources(Path(config.path)) for config in our_apps()}
    found = {}
    for order, config in enumerate(our_apps()):
        for key in read(config, "parameters.yaml"):
            readers = [title for title, text in texts.items() if f'"{key}"' in text or f": {key}" in text]
            users = tuple(dict.fromkeys([str(config.verbose_name), *map(str, readers)]))
            found[key] = Origin(config.label, str(config.verbose_name), order, users)
    return found


def _sources(folder: Path) -> str:
    files = [*folder.rglob("*.py"), *(path for path in folder.rglob("*.yaml") if path.name != "parameters.yaml")]
    return "\n".join(path.read_text("utf-8") for path in files if "migrations" not in path.parts)


def origin_of(key: str) -> Origin:
    """The origin of a key; of one that no app declares any more, an origin that says so."""
    return origins().get(key) or Origin("", "不再使用的键", 999, ())


@cache
def gaps() -> tuple[Gap, ...]:
    found = []
    for config in our_apps():
        for one in read(config, "gaps.yaml"):
            found.append(Gap(one["what"], one["ask"], one.get("effect", ""), tuple(one.get("keys", ()))))
    return tuple(found)
