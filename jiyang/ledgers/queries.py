"""From a request to the rows it asks for: scope, figure, filters. List, export and API share this one function."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, QueryDict

from jiyang.ledgers import terms
from jiyang.ledgers.filters import Chip, LedgerFilter, without
from jiyang.reporting import figures


@dataclass
class Query:
    """What a list shows: the filtered rows, the bound filter set, the figure it opened from, and the chips."""

    rows: QuerySet
    filter: LedgerFilter | None
    chips: list[Chip]
    figure: "figures.Selection | None"


def query_of(request: HttpRequest, ledger) -> Query:
    """The rows a request asks of a ledger. Raises Http404 for an unknown figure, or one of another ledger."""
    rows = ledger.rows(request.actor)
    chosen = figures.selected(request)
    if chosen and chosen.figure.ledger != ledger.key:
        raise Http404("这个指标不属于本台账")
    chips = []
    if chosen:
        rows = chosen.apply(rows)
        chips.append(Chip(chosen.label, without(request.GET, *figures.PARAMETERS)))
    else:
        rows = ledger.standing(rows)
    if ledger.filterset is None:
        return Query(rows, None, chips, chosen)
    bound = ledger.filterset(request.GET, rows, request=request)
    valid = bound.form.is_valid()
    rows = bound.qs if valid else rows.none()
    return Query(rows, bound, chips + (bound.chips(request.GET) if valid else []), chosen)


def hidden_redirect(data: QueryDict, user_id: int) -> str:
    """Query string of a search that came by POST: a personal term is replaced by its token."""
    left = data.copy()
    for name in ("csrfmiddlewaretoken", "cursor"):
        left.pop(name, None)
    if terms.looks_personal(left.get("q", "")):
        left["q"] = terms.hide(left["q"], user_id)
    return left.urlencode()
