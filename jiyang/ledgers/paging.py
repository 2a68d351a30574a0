"""Keyset paging: the next page starts after the last row's sort value, so page 1,000 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Q, QuerySet

PAGE = 50


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: beyond the row with this sort value and key, forwards or backwards; `number` is the page's."""

    value: Any = None
    pk: int | None = None
    back: bool = False
    number: int = 1

    def encode(self) -> str:
        data = json.dumps([self.value, self.pk, int(self.back), self.number], cls=DjangoJSONEncoder)
        return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> "Cursor":
        """A cursor from a URL; whatever is not one means the first page."""
        if not text:
            return cls()
        try:
            value, pk, back, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if isinstance(value, list | dict):
                return cls()
            return cls(value, int(pk), bool(back), max(1, int(number)))
        except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
            return cls()


@dataclass
class Page:
    rows: list
    total: int
    number: int
    previous: Cursor | None = None
    next: Cursor | None = None
    size: int = field(default=PAGE)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def value_of(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step, None)
    return getattr(row, "pk", row)


def _beyond(path: str, value: Any, pk: int, descending: bool) -> Q:
    """Rows after (value, pk) in the order `path` (empty values last in both directions), then key."""
    after_key = Q(pk__gt=pk)
    if value is None:
        return Q(**{f"{path}__isnull": True}) & after_key
    further = Q(**{f"{path}__{'lt' if descending else 'gt'}": value})
    return further | Q(**{path: value}) & after_key | Q(**{f"{path}__isnull": True})


def _before(path: str, value: Any, pk: int, descending: bool) -> Q:
    before_key = Q(pk__lt=pk)
    if value is None:
        return Q(**{f"{path}__isnull": False}) | Q(**{f"{path}__isnull": True}) & before_key
    return Q(**{f"{path}__{'gt' if descending else 'lt'}": value}) | Q(**{path: value}) & before_key


def paginate(rows: QuerySet, *, sort: str, cursor: Cursor, total: int, size: int = PAGE) -> Page:
    """One page of `rows` (`total` in all) ordered by `sort` (`-` = descending, empty values last). One query."""
    descending, path = sort.startswith("-"), sort.lstrip("-")
    order = F(path).desc(nulls_last=True) if descending else F(path).asc(nulls_last=True)
    reverse = F(path).asc(nulls_first=True) if descending else F(path).desc(nulls_first=True)
    if cursor.pk is None:
        found = list(rows.order_by(order, "pk")[: size + 1])
    else:
        try:
            where = (_before if cursor.back else _beyond)(path, cursor.value, cursor.pk, descending)
            ordering = (reverse, "-pk") if cursor.back else (order, "pk")
            found = list(rows.filter(where).order_by(*ordering)[: size + 1])
        except (ValidationError, ValueError, TypeError, OverflowError, FieldError, InvalidOperation):
            return paginate(rows, sort=sort, cursor=Cursor(), total=total, size=size)
    more, found = len(found) > size, found[:size]
    if cursor.back:
        found.reverse()
    return _page(found, total, path, cursor, more, size)


def _page(found: list, total: int, path: str, cursor: Cursor, more: bool, size: int) -> Page:
    page = Page(found, total, cursor.number, size=size)
    if not found:
        return page
    if cursor.back or more:
        page.next = Cursor(_plain(value_of(found[-1], path)), found[-1].pk, False, cursor.number + 1)
    if (cursor.back and more) or (not cursor.back and cursor.pk is not None):
        page.previous = Cursor(_plain(value_of(found[0], path)), found[0].pk, True, max(1, cursor.number - 1))
    return page


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
