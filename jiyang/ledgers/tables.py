"""What the table component draws: column heads with sort links, rows of typed cells, the pager's addresses."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from jiyang.ledgers.columns import EMPTY, Column
from jiyang.ledgers.paging import Page
from jiyang.ui.templatetags.ui import day, moment, money, number


@dataclass(frozen=True)
class Head:
    key: str
    label: str
    align: str
    optional: bool
    sort_url: str
    sorted: str  # "", "ascending" or "descending", as aria-sort wants it


@dataclass(frozen=True)
class Cell:
    """`kind` is text, link, tier, due or tag; all other kinds of a column arrive here as finished text."""

    kind: str
    value: Any
    align: str
    optional: bool
    url: str = ""


@dataclass(frozen=True)
class Row:
    pk: int
    name: str
    cells: list[Cell]


@dataclass(frozen=True)
class Table:
    """`selectable` says whether rows carry a box to select them for a bulk act."""

    columns: list[Head]
    rows: list[Row]
    page: Page
    previous_url: str
    next_url: str
    selectable: bool = False


@dataclass(frozen=True)
class Pager:
    """What `ui/pager.html` needs of a page that is no ledger's table."""

    page: Page
    previous_url: str
    next_url: str


def pager_of(page: Page, query: QueryDict, path: str = "") -> Pager:
    """The ways on from a page, with the rest of the address kept."""
    previous, following = (
        address(query, path, cursor=one.encode()) if one else "" for one in (page.previous, page.next)
    )
    return Pager(page, previous, following)


def table_of(
    ledger,
    page: Page,
    *,
    sort: str,
    request: HttpRequest,
    columns: list[Column] | None = None,
    selectable: bool = False,
) -> Table:
    """The page as a table of `columns`, by default those of the ledger that the actor sees. No query."""
    columns = ledger.shown(request.actor) if columns is None else columns
    rows = [Row(row.pk, ledger.name_of(row), [_cell(column, row, ledger) for column in columns]) for row in page.rows]
    return Table(
        [_head(column, sort, request) for column in columns],
        rows,
        page,
        _address(request, cursor=page.previous.encode()) if page.previous else "",
        _address(request, cursor=page.next.encode()) if page.next else "",
        selectable,
    )


FORMATS = {"money": money, "number": number, "date": day, "moment": moment}
DRAWN = {"link", "tier", "due", "tag"}


def _cell(column: Column, row: Any, ledger) -> Cell:
    value = column.value(row)
    if column.cell in FORMATS:
        value = FORMATS[column.cell](value)
    url = ledger.url_of(row) if column.cell == "link" else ""
    kind = column.cell if column.cell in DRAWN else "text"
    return Cell(kind, EMPTY if value is None and kind != "due" else value, column.align, column.optional, url)


def _head(column: Column, sort: str, request: HttpRequest) -> Head:
    if not column.sort:
        return Head(column.path, column.label, column.align, column.optional, "", "")
    current = sort.lstrip("-") == column.sort
    descending = current and sort.startswith("-")
    target = column.sort if not current or descending else f"-{column.sort}"
    state = ("descending" if descending else "ascending") if current else ""
    return Head(
        column.path, column.label, column.align, column.optional, _address(request, sort=target, cursor=None), state
    )


def _address(request: HttpRequest, **changes: str | None) -> str:
    return address(request.GET, **changes)


def address(query: QueryDict, path: str = "", **changes: str | None) -> str:
    """The address of the same page with some parameters of `query` changed, or left out (None)."""
    query = query.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"{path}?{query.urlencode()}"
