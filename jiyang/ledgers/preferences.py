"""Keeping a user's columns and saved queries (常用查询) of a list."""

from functools import partial

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict

from jiyang.ledgers import terms
from jiyang.ledgers.columns import Column
from jiyang.ledgers.models import ListPreference

MOST_SAVED, LONGEST_NAME, LONGEST_QUERY = 20, 20, 1000
PASSING = ("cursor", "selected")  # parts of an address that say where one is, not what one asks


def _key(user, ledger) -> str:
    return f"list:{user.pk}:{ledger.key}"


def of(user, ledger) -> ListPreference:
    """The user's preference of a ledger, from the cache; an empty one where nothing was kept."""
    kept = cache.get(_key(user, ledger))
    if kept is None:
        found = ListPreference.objects.filter(user=user, ledger=ledger.key).first()
        kept = {"columns": found.columns, "saved": found.saved} if found else {}
        cache.set(_key(user, ledger), kept)
    return ListPreference(user=user, ledger=ledger.key, **kept)


def columns_shown(ledger, actor, preference: ListPreference) -> list[Column]:
    """The columns of the list: those chosen of what the actor may see (the one that opens the row always stays)."""
    if not preference.columns:
        return ledger.shown(actor)
    return [column for column in ledger.exported(actor) if column.path in preference.columns or column.cell == "link"]


@transaction.atomic
def choose_columns(*, by, ledger, paths: list[str]) -> ListPreference:
    """Keep the columns shown; none means the ledger's own choice. Unknown paths are left out."""
    preference = _locked(by, ledger)
    known = [column.path for column in (*ledger.columns, *ledger.extra_export)]
    preference.columns = [path for path in known if path in paths]
    _keep(preference, ledger)
    return preference


@transaction.atomic
def save_query(*, by, ledger, name: str, query: str) -> ListPreference:
    """Keep a query under a name; the same name is overwritten.

    Raises ValidationError: no or too long a name, nothing asked, too many kept, or a personal number in the query.
    """
    name, asked = name.strip(), QueryDict(query, mutable=True)
    for part in PASSING:
        asked.pop(part, None)
    preference = _locked(by, ledger)
    others = [one for one in preference.saved if one["name"] != name]
    problems = []
    if not name or len(name) > LONGEST_NAME:
        problems.append(f"请填写查询名称，不超过 {LONGEST_NAME} 个字")
    if not any(value for _, values in asked.lists() for value in values):
        problems.append("当前没有查询条件，先选条件再存")
    if any(terms.is_token(value) or terms.holds_personal(value) for _, values in asked.lists() for value in values):
        problems.append("条件里有证件号码或电话，不能存为常用查询")
    if len(query) > LONGEST_QUERY:
        problems.append("查询条件太长，请减少条件再存")
    if len(others) >= MOST_SAVED:
        problems.append(f"最多存 {MOST_SAVED} 个常用查询，请先删去不用的")
    if problems:
        raise ValidationError(problems)
    preference.saved = [*others, {"name": name, "query": asked.urlencode()}]
    _keep(preference, ledger)
    return preference


@transaction.atomic
def drop_query(*, by, ledger, name: str) -> ListPreference:
    preference = _locked(by, ledger)
    preference.saved = [one for one in preference.saved if one["name"] != name]
    _keep(preference, ledger)
    return preference


def _locked(user, ledger) -> ListPreference:
    ListPreference.objects.get_or_create(user=user, ledger=ledger.key)
    return ListPreference.objects.select_for_update().get(user=user, ledger=ledger.key)


def _keep(preference: ListPreference, ledger) -> None:
    preference.save()
    transaction.on_commit(partial(cache.delete, _key(preference.user, ledger)))
