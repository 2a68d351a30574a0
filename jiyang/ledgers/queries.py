"""From a request to the rows it asks for: scope, figure, filters. List, export and API share this one function."""

import secrets
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from jiyang.ledgers.filters import Chip, LedgerFilter, looks_personal, without
from jiyang.reporting import figures

TOKEN_SECONDS = 15 * 60


@dataclass
class Query:
    """What a list shows: the filtered rows, the bound filter set, the figure it opened from, and the chips."""

    rows: QuerySet
    filter: LedgerFilter | None
    chips: list[Chip]
    figure: "figures.Selection | None"


def hide_term(term: str, user_id: int) -> str:
    """A short-lived token that stands in the URL for a search term holding personal data."""
    token = secrets.token_urlsafe(9)
    cache.set(f"term:{user_id}:{token}", term, TOKEN_SECONDS)
    return f"~{token}"


def plain_term(term: str, user_id: int) -> str:
    """The term behind a token; an expired token finds nothing."""
    return cache.get(f"term:{user_id}:{term[1:]}", "\0") if term.startswith("~") else term


def query_of(request: HttpRequest, ledger) -> Query:
    """The rows a request asks of a ledger. Raises Http404 for an unknown figure."""
    rows, data = ledger.rows(request.actor), request.GET.copy()
    chosen = figures.selected(request)
    chips = []
    if chosen:
        rows = chosen.apply(rows)
        chips.append(Chip(chosen.label, without(request.GET, *figures.PARAMETERS)))
    else:
        rows = ledger.standing(rows)
    if ledger.filterset is None:
        return Query(rows, None, chips, chosen)
    if data.get("q"):
        data["q"] = plain_term(data["q"], request.user.pk)
    bound = ledger.filterset(data, rows, request=request)
    valid = bound.form.is_valid()
    rows = bound.qs if valid else rows.none()
    return Query(rows, bound, chips + (bound.chips(request.GET) if valid else []), chosen)


def hidden_redirect(data: QueryDict, user_id: int) -> str:
    """Query string of a search that came by POST: a personal term is replaced by its token."""
    left = data.copy()
    for name in ("csrfmiddlewaretoken", "cursor"):
        left.pop(name, None)
    if looks_personal(left.get("q", "")):
        left["q"] = hide_term(left["q"], user_id)
    return left.urlencode()
