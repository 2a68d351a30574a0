"""What a record hangs on stands: its household, its person, whatever row it points to is live and where it was when it was read.

The table's own trigger (`jiyang.access.schema`) waits for whoever is voiding or moving these rows and then looks again,
whatever code path wrote the record; here its refusals become words (`Gone`), and services lock what they are about to change.
Always households first, then their people and records: whoever locks a record first could wait for a household's move
that waits for the record.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models

from jiyang.access.tables import household_model
from jiyang.planner import planned_with

HELD = "app.households_held"
WHY = {
    "kernel_gone": "{name}刚刚被作废或随导入撤销，没有保存。填写的内容还在，请核对后到现在的户或记录里登记",
    "kernel_moved": "该户刚刚迁到别的村，没有保存。填写的内容还在，请刷新后再试；已不归本人管的，请与现在管辖的同志联系",
    "kernel_follows": "{name}刚刚转到另一户，没有保存。填写的内容还在，请到现在的户里登记",
}
UNREACHED = "{name}刚刚被作废，或已迁出本人管辖范围，没有保存。填写的内容还在，请核对后再试"


class Gone(ValidationError):
    """What the record hangs on was voided or has moved while it was being entered: nothing was written."""


def households_held() -> AbstractContextManager[None]:
    """Within the block nothing is asked of the households that rows are entered for: this transaction has locked or made them.

    For statements over a whole batch alone.
    """
    return planned_with(**{HELD: "on"})


def held(record: models.Model) -> models.Model:
    """The row as it is now, locked until the transaction ends, its households before it. Raises Gone: voided or out of reach."""
    homes = [one.attname for one in record._meta.concrete_fields if one.related_model is household_model()]
    if homes:
        hold_households([getattr(record, name) for name in homes])
    locked = type(record)._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=record.pk).first()
    if locked is None:
        raise Gone(UNREACHED.format(name=record._meta.verbose_name))
    return locked


def hold_households(keys: Iterable[int | None] | models.QuerySet) -> None:
    """Lock households, by their keys: who locks many at once waits for nobody who does the same."""
    wanted = household_model().all_rows.filter(pk__in=keys)
    list(wanted.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))


def lock_households(asked: Iterable[int]) -> tuple[list[models.Model], dict[int, str]]:
    """Households as they are now, locked, by their keys; and of those that are void or out of reach by now why they are left out."""
    keys = set(asked)
    locked = list(household_model()._default_manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    gone = UNREACHED.format(name=household_model()._meta.verbose_name)
    return locked, dict.fromkeys(keys - {one.pk for one in locked}, gone)


def households_anew(keys: Iterable[int]) -> dict[int, models.Model]:
    """Households as they are now, locked, by key. Raises Gone where one of them is void or out of reach by now."""
    locked, gone = lock_households(keys)
    if gone:
        raise Gone(next(iter(gone.values())))
    return {one.pk: one for one in locked}


def told(execute, sql, params, many, context):
    """The database's refusal in words, for every statement of a connection."""
    try:
        return execute(sql, params, many, context)
    except IntegrityError as clash:
        if refusal := refusal_of(clash):
            raise refusal from clash
        raise


def refusal_of(clash: IntegrityError) -> Gone | None:
    diag = getattr(clash.__cause__, "diag", None)
    why = WHY.get(getattr(diag, "constraint_name", None) or "")
    return Gone(why.format(name=_name_of(diag.table_name, diag.column_name))) if why else None


def _name_of(table: str, column: str | None) -> str:
    """What a column of a table points to, as people call it."""
    for model in apps.get_models():
        if model._meta.db_table == table:
            return next(
                (
                    str(one.related_model._meta.verbose_name)
                    for one in model._meta.concrete_fields
                    if one.column == column
                ),
                "",
            )
    return ""


def tell_refusals(connection, **kwargs) -> None:
    """At each new connection: its statements' refusals are told in words."""
    if told not in connection.execute_wrappers:
        connection.execute_wrappers.append(told)
