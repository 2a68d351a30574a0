"""The ledgers that apps brought: `ledgers.py` of every installed app is read once; the kernel's pages ask here."""

from typing import TYPE_CHECKING

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from jiyang.access.scope import Actor
    from jiyang.ledgers.ledger import Ledger

_ledgers: dict[str, "type[Ledger]"] = {}


def register(ledger: "type[Ledger]") -> None:
    """Add a ledger under `<app>:<name>`. Raises ValueError when the name is taken."""
    known = _ledgers.get(ledger.key)
    if known is not None and known.__qualname__ != ledger.__qualname__:
        raise ValueError(f"two ledgers are called {ledger.key}")
    _ledgers[ledger.key] = ledger


def discover() -> None:
    autodiscover_modules("ledgers")


def ledgers() -> "list[type[Ledger]]":
    return list(_ledgers.values())


def siblings(ledger: "type[Ledger]", actor: "Actor") -> "list[type[Ledger]]":
    """The ledgers of the same app that the actor may open, for the list's way from one to another."""
    app = ledger.model._meta.app_label
    return [one for one in ledgers() if one.model._meta.app_label == app and actor.may_open(f"{one.key}_list")]


def get(key: str) -> "type[Ledger]":
    return _ledgers[key]
