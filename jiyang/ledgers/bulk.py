"""Bulk actions of a list: one act over a selection, set-based, with what was refused and why (KERNEL.md `bulk`)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from jiyang.access.scope import Actor
from jiyang.ledgers.terms import is_key


@dataclass
class Outcome:
    """What a bulk act did: the number of rows done, for each refused row's key the reason in Chinese, and what is left
    to say (`note`: that some of the rows wait for another person).
    """

    done: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class BulkAction:
    """One act over the selected rows of a ledger: `bulk = [BulkAction("tier", "认定分类", set_tiers, form=TierForm)]`.

    `service(rows=, by=, **form fields) -> Outcome` is set-based and atomic. `rows` is a queryset of the ledger's model in
    the actor's scope with a fixed set of keys: it may be read, locked and updated several times, whatever the act changes.
    A ValidationError of the service refuses the whole act and is shown at the form. `form` (a KernelForm) asks for what
    the act needs beside the rows; `warning` says in one sentence what follows from it. The page is
    `<app>:<name>_bulk_<key>`; the ledger's matrix entry names its right: `bulk: {tier: household.tier}`.
    """

    key: str
    label: str
    service: Callable[..., Outcome]
    form: type[forms.BaseForm] | None = None
    warning: str = ""

    @property
    def page(self) -> str:
        return f"bulk_{self.key}"


@dataclass(frozen=True)
class Selection:
    """Keys of the rows that a person chose, in scope; `absent` were chosen but are not (or no longer) in the list."""

    keys: list[int]
    absent: int = 0

    def __len__(self) -> int:
        return len(self.keys)

    def rows(self, ledger, actor: Actor) -> QuerySet:
        return ledger.model.objects.visible_to(actor).filter(pk__in=self.keys)


def selection_of(data: QueryDict, listed: QuerySet) -> Selection:
    """What a posted selection means: `all` = every row of the list `listed`, else the posted keys that are in it."""
    if data.get("all"):
        return Selection(list(listed.order_by("pk").values_list("pk", flat=True)))
    chosen = {int(key) for key in data.getlist("pk") if is_key(key)}
    found = list(listed.filter(pk__in=chosen).order_by("pk").values_list("pk", flat=True))
    return Selection(found, len(chosen) - len(found))


def actions_for(ledger, actor: Actor) -> list[BulkAction]:
    """The bulk acts whose page the actor may open."""
    return [action for action in ledger.bulk if actor.may_open(f"{ledger.key}_{action.page}")]
