"""The ledgers that apps brought: `ledgers.py` of every installed app is read once; the kernel's pages ask here."""

from typing import TYPE_CHECKING

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
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


def get(key: str) -> "type[Ledger]":
    return _ledgers[key]
