"""Search terms that hold personal numbers: they travel by POST and stand in an address only as a short-lived token."""

import re
import secrets

from django.core.cache import cache

from jiyang.audit.logs import NUMBERS

PERSONAL = re.compile(r"^(?:\d{15}|\d{17}[\dXx]|\d{17}[\dXx]\d{2}(?:[Bb]\d)?|1[3-9]\d{9})$")
KEPT = 15 * 60
MARK = "~"


def is_key(text: str) -> bool:
    """Whether text of a request can be a row's key: ASCII digits, within the database's range."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def looks_personal(term: str) -> bool:
    """Whether a search term is an ID, certificate or phone number, which must not stand in a URL or a log."""
    return bool(PERSONAL.match(term.strip()))


def holds_personal(text: str) -> bool:
    """Whether such a number stands anywhere in a text, however it is spaced."""
    return bool(NUMBERS.search(text) or NUMBERS.search("".join(text.split())))


def is_token(term: str | None) -> bool:
    return bool(term) and term.startswith(MARK)


def hide(term: str, user_id: int) -> str:
    """A token for the term, good for this user and 15 minutes."""
    token = secrets.token_urlsafe(9)
    cache.set(f"term:{user_id}:{token}", term, KEPT)
    return MARK + token


def plain(term: str, user_id: int) -> str:
    """The term behind a token; an expired one finds nothing. Anything else is itself."""
    return cache.get(f"term:{user_id}:{term[len(MARK) :]}", "\ufffd") if is_token(term) else term
