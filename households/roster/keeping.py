"""What an undo, or what takes it back, leaves alone, and why: what later work refers to, what somebody has changed since,
what another row has taken the place of.

`kept` names rows that stay as they are, with their household or village (`owner`): `whole` where that stays with all that the
batch made in it, as a household does that the batch itself made. `staying` names people who do not go back to the household they
came from. Statements over `x` (a row), `t` (a touch of the step that is reversed), `e` (history's event).
"""

from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Model

from households.models import CaseRecord, Household, IncomeStatement, Membership, Person, PersonChange
from households.roster.takers import Taker, of_people
from jiyang.access.tables import household_owned, is_event, is_scoped
from jiyang.audit.history import as_under
from jiyang.documents.models import Attachment
from jiyang.workflow.enums import ProposalState

# history's event `e` with the values that the row of touch `t` had before it
BEFORE_IMAGE = "e.pgh_obj_id = t.record and e.version = t.before"
# memberships `x` that the batch began for people `p` of other origin
BEGUN = (
    "p.id = x.person_id and x.origin_id = %(batch)s and p.voided_at is null and p.origin_id is distinct from %(batch)s"
)
MOVED_AND_CHANGED = "成员后来有变动，留在现在的户"
ASKED = "有待审核的人员变更"
Same = Callable[[str], str]  # alias of a row -> SQL: it has the key of the restored row `e`
# Natural keys that another live row may have taken meanwhile: (model, same key, condition of the restored row `e`)
KEYS: tuple[tuple[type[Model], Same, str], ...] = (
    (Household, lambda o: f"{o}.household_no = e.household_no", "e.household_no <> ''"),
    (Person, lambda o: f"{o}.id_index = e.id_index", "true"),
    (Person, lambda o: f"{o}.person_no = e.person_no", "e.person_no <> ''"),
    (IncomeStatement, lambda o: f"({o}.household_id, {o}.year, {o}.kind) = (e.household_id, e.year, e.kind)", "true"),
    (CaseRecord, lambda o: f"{o}.household_id = e.household_id", "true"),
)


def owner_of(model: type[Model]) -> str:
    """The column of a row's owner: of what stays as a whole where one of its rows does, a household or a village."""
    return "id" if model is Household else model.household_column or "village_id"


def person_of(model: type[Model], alias: str = "x") -> str:
    """SQL: whose row it is; null where it is nobody's."""
    return (
        f"{alias}.id" if model is Person else f"{alias}.person_id" if "person_id" in _columns(model) else "null::bigint"
    )


def is_kept(model: type[Model], alias: str = "x") -> str:
    """SQL: the row stays, by itself or with its household."""
    return (
        f"exists (select 1 from kept k where k.owner = {alias}.{owner_of(model)}"
        f" and (k.whole or k.record = {alias}.id and k.\"table\" = '{model._meta.model_name}'))"
    )


def keys_of(taker: Taker | None) -> tuple[tuple[type[Model], Same, str], ...]:
    known = () if taker else KEYS
    return (
        *((one.model, partial(one.same, other="e"), "true") for one in ((taker,) if taker else of_people())),
        *known,
    )


def reasons_to_keep(made: tuple[type[Model], ...], *, members: bool) -> Iterator[str]:
    """Statements that fill `kept` with the owners of what the batch made and somebody has worked on since.

    `members`: it added people or households, whose memberships may have changed.
    """
    for model in made:
        edited = f"where {_own(model)} and not {as_made(model)}"
        if model is Household:  # a move is told by its name
            only_moved = as_under(Household, "x", "1", moved=True)
            yield _keep(model, "后来整户迁移", f"{edited} and {only_moved}")
            edited += f" and not {only_moved}"
        yield _keep(model, "{name}后来改过", edited)
        yield from _referred_to(model, made)
    if Household in made:
        yield from _worked_on(made)
    if Household in made and members:
        yield _keep(Person, ASKED, f"where {_own(Person)} and x.id in ({ASKED_ABOUT})")
        yield MEMBERSHIPS_CHANGED


def _own(model: type[Model], alias: str = "x") -> str:
    """SQL: the row is one of the batch's own and holds."""
    live = f" and {alias}.voided_at is null" if "voided_at" in _columns(model) else ""
    return f"{alias}.origin_id = %(batch)s{live}"


def _later(model: type[Model]) -> str:
    """SQL: the row `x` is somebody's work, not the batch's."""
    parts = ["x.voided_at is null"] if "voided_at" in _columns(model) else []
    parts += ["x.origin_id is distinct from %(batch)s"] if "origin_id" in _columns(model) else []
    parts += [f"not ({model.derived_when})"] if model.derived_when else []
    return " and ".join(parts) or "true"


def _columns(model: type[Model]) -> set[str]:
    return {field.column for field in model._meta.local_concrete_fields}


def of_batch(home: str) -> str:
    """SQL: the batch made the household (its key)."""
    return f"exists (select 1 from households_household h where h.id = {home} and h.origin_id = %(batch)s)"


def _kept(model: type[Model], alias: str, *, whole: str = "") -> str:
    """SQL: the columns of `kept` for a row, behind owner and reason. A household that the batch made stays as a whole."""
    whole = whole or (of_batch(f"{alias}.{owner_of(model)}") if model.household_column else "false")
    return f"'{model._meta.model_name}', {alias}.id, {person_of(model, alias)}, {whole}"


def _keep(model: type[Model], why: str, rest: str, *, whole: str = "") -> str:
    said = why.format(name="户信息" if model is Household else model._meta.verbose_name)
    return f"insert into kept select x.{owner_of(model)}, '{said}', {_kept(model, 'x', whole=whole)} from {model._meta.db_table} x {rest}"


def _referred_to(model: type[Model], made: tuple[type[Model], ...]) -> Iterator[str]:
    """Owners of the batch's own rows that another table's rows, or attachments, refer to."""
    if model is Household:  # whatever belongs to a household is looked for there (`_worked_on`)
        return
    own = f"join {model._meta.db_table} o on {_own(model, 'o')} and o.id"
    keep = (
        f"insert into kept select o.{owner_of(model)}, '有{{name}}', {_kept(model, 'o')}"
        f" from {{table}} x {own} = x.{{key}} where {{later}}"
    )
    for other, key in _pointing_to(model):
        if other not in {Membership, *made} and other.derived_when != "true":
            name, table = other._meta.verbose_name, other._meta.db_table
            yield keep.format(name=name, table=table, key=key, later=_later(other))
    subject = f"{_later(Attachment)} and x.subject = '{model._meta.label_lower}'"
    yield keep.format(name="附件", table=Attachment._meta.db_table, key="subject_id", later=subject)


def _pointing_to(model: type[Model]) -> Iterator[tuple[type[Model], str]]:
    """Scoped models with a foreign key to `model`, and its column."""
    for one in model._meta.get_fields(include_hidden=True):
        if one.auto_created and not one.concrete and is_scoped(one.related_model) and not is_event(one.related_model):
            yield one.related_model, one.field.column


def _worked_on(made: tuple[type[Model], ...]) -> Iterator[str]:
    """Households of the batch that hold what it has not made."""
    homes = "select h.id from households_household h where h.origin_id = %(batch)s and h.voided_at is null"
    along = {one.model for one in of_people()}  # they go back with the person whom the batch had moved
    for model in household_owned():
        if model is Membership or model in along or model.derived_when == "true":
            continue
        came = (
            f" and not exists (select 1 from households_rostertouch t where {former_step(model)} and t.record = x.id)"
        )
        came = came if model is Person else ""
        yield _keep(model, "有{name}", f"where x.household_id in ({homes}) and {_later(model)}{came}", whole="true")
    for model, key in _pointing_to(Household):  # who is to come to the household, or came out of it
        if key != "household_id" and model.derived_when != "true":
            yield (
                f"insert into kept select x.{key}, '有{model._meta.verbose_name}', 'household', x.{key}, null, true"
                f" from {model._meta.db_table} x where x.{key} in ({homes}) and {_later(model)}"
            )


# of whom a change is proposed that nobody has decided on yet
ASKED_ABOUT = f"""
select unnest(c.members || c.person_id || c.new_head_id) from {PersonChange._meta.db_table} c
 where c.state = '{ProposalState.SUBMITTED}' and c.voided_at is null"""

# of the batch's people and of those who came to its households; the bounds spare a look through the memberships of all years
MEMBERSHIPS_CHANGED = f"""
insert into kept select x.household_id, '成员后来有变动', 'person', x.person_id, x.person_id, {of_batch("x.household_id")} from households_membership x
  join households_person p on p.id = x.person_id and p.voided_at is null
 where x.household_id between %(least)s and %(most)s
   and (p.origin_id = %(batch)s or x.household_id in
        (select h.id from households_household h where h.origin_id = %(batch)s and h.voided_at is null))
   and case when x.origin_id = %(batch)s then x.until is not null and x.leave_reason <> '撤销导入'
            else x.until is null or x.until > x.since end
"""


def taken_keys(taker: Taker | None = None) -> Iterator[str]:
    """Statements that fill `kept` with households whose number, or whose people's, another live row has taken meanwhile."""
    for model, same, condition in keys_of(taker):
        table = model._meta.db_table
        yield _keep(
            model,
            "{name}已重新录入",
            f"join households_rostertouch t on x.id = t.record join {table}event e on {BEFORE_IMAGE}"
            f" join {table} o on {same('o')} and o.id <> x.id and o.voided_at is null"
            f" where {former_step(model)} and x.voided_at is not null and e.voided_at is null and {condition}"
            # whose own former number is another, gives this one back
            f" and not exists (select 1 from households_rostertouch t where {former_step(model)} and t.record = o.id)",
        )


def as_made(model: type[Model]) -> str:
    """SQL: the row `x` holds what it was made with, be it that later changes have been undone in between."""
    return as_under(model, "x", "1")


def as_left(model: type[Model]) -> str:
    """SQL: the row `x` holds what the step of touch `t` left it with, be it that later changes have been undone in between.

    A household that has moved since is as it was but for its place, and keeps that.
    """
    return as_under(model, "x", "t.version", moved=model is Household)


def former_step(model: type[Model]) -> str:
    """SQL over the touches `t`: those of the step that is reversed."""
    return f"t.batch_id = %(batch)s and t.reversal_id is not distinct from %(former)s and t.\"table\" = '{model._meta.model_name}'"


# people whom the reversed step has brought from another household, `home`
MOVERS = f"""
create temp table movers on commit drop as
select x.id, e.household_id as home from households_rostertouch t join households_person x on x.id = t.record
  join households_personevent e on {BEFORE_IMAGE} and e.household_id <> x.household_id where {{some}} and {former_step(Person)}
"""
# households of the reversed step that go back, and whether they are live then, and open
HOMES_BACK = f"""
insert into homes_back
select t.record, e.voided_at is null, e.voided_at is null and e.closed_on is null
  from restoring t join households_householdevent e on {BEFORE_IMAGE}
"""
# memberships `x` that would begin again as head's while somebody else has become head there since and remains it
OTHER_HEAD = f"""
select x.person_id, '要回到的户已有别的户主' from households_rostertouch t join households_membership x on x.id = t.record
  join households_membershipevent e on {BEFORE_IMAGE} and e.until is null
  join households_membership o on o.household_id = x.household_id and o.until is null and o.relation = 'head'
       and o.person_id <> x.person_id and o.origin_id is distinct from %(batch)s
  join households_person p on p.id = o.person_id and p.voided_at is null
 where {former_step(Membership)} and x.until is not null and x.relation = 'head'
   and o.id > (select max(n.id) from households_membership n where n.person_id = x.person_id)
   and not exists (select 1 from households_rostertouch t where {former_step(Membership)} and t.record = o.id)
"""


def lives_then(home: str) -> str:
    """SQL: the household (its key) will be live when the step is reversed."""
    return _then(home, "lives", "h.voided_at is null")


def holds_then(home: str) -> str:
    """SQL: the household (its key) will be live and open when the step is reversed."""
    return _then(home, "holds", "h.voided_at is null and h.closed_on is null")


def _then(home: str, back: str, now: str) -> str:
    return (
        f"(exists (select 1 from homes_back b where b.record = {home} and b.{back})"
        f" or exists (select 1 from households_household h where h.id = {home} and {now}"
        f" and not exists (select 1 from homes_back b where b.record = {home})))"
    )


def reasons_to_stay(*, undoing: bool) -> Iterator[str]:
    """Statements that fill `staying` with people who do not go back: what has become of them since would be undone with it.

    A person's row, membership and records go back together or stay together.
    """
    changed = f"select x.person_id, '{MOVED_AND_CHANGED}' from households_rostertouch t join households_membership x on x.id = t.record"
    yield f"insert into staying {changed} where {former_step(Membership)} and not {as_left(Membership)}"
    if undoing:
        begun = (
            f"select x.person_id, '{MOVED_AND_CHANGED}' from households_membership x, households_person p where {BEGUN}"
        )
        yield f"insert into staying {begun} and x.leave_reason <> '撤销导入' and not {as_made(Membership)}"
    yield f"insert into staying {OTHER_HEAD}"
    step = f"select x.person_id from households_rostertouch t join households_membership x on x.id = t.record where {former_step(Membership)}"
    begun = (
        " or p.id in (select x.person_id from households_membership x where x.origin_id = %(batch)s)" if undoing else ""
    )
    yield (
        f"insert into staying select p.id, '{ASKED}' from households_person p where p.id in ({ASKED_ABOUT})"
        f" and p.origin_id is distinct from %(batch)s and (p.id in (select id from movers) or p.id in ({step}){begun})"
    )
    reopened = (
        f"exists (select 1 from households_rostertouch t join households_membershipevent e on {BEFORE_IMAGE}"
        f" where {former_step(Membership)} and e.person_id = m.id and e.until is null)"
    )  # who was no member of a closed household's before goes back to it as they were
    yield (
        "insert into staying select m.id, '要回到的户已注销或作废' from movers m"
        f" where not {lives_then('m.home')} or ({reopened} and not {holds_then('m.home')})"
    )


# Whose own row cannot go back (edited since, a number that is somebody else's now) stays; where who stays is, is kept;
# who has come to a household that is kept as a whole stays. Until nothing follows any more.
FOLLOWING = (
    """
insert into staying select m.id, '人员留在现在的户' from movers m
 where not exists (select 1 from restoring r where r.record = m.id) and not exists (select 1 from staying s where s.person = m.id)""",
    f"""
insert into kept select x.household_id, s.why, 'person', x.id, x.id, {of_batch("x.household_id")}
  from (select distinct person, why from staying) s join households_person x on x.id = s.person
 where not exists (select 1 from kept k where k.owner = x.household_id and k.record = x.id and k."table" = 'person' and k.why = s.why)""",
    """
insert into staying select m.id, '人员留在现在的户' from movers m join households_person x on x.id = m.id
 where exists (select 1 from kept k where k.owner = x.household_id and k.whole)
   and not exists (select 1 from staying s where s.person = m.id)""",
)
