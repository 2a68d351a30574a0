"""What the database itself enforces, made from the models after every migrate (KERNEL.md: one idempotent post_migrate).

For each table: grants of the web role, row-level security with its arms, path triggers of household records, the
version trigger, and the settings of the history triggers. Nothing here names a schema: it follows `search_path`.
"""

from collections.abc import Iterator

import pghistory.trigger
import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from jiyang.access.matrix import matrix
from jiyang.access.standing import HELD
from jiyang.access.tables import household_model, household_owned, is_event, is_scoped
from jiyang.audit.tracking import Tracked

ARMS = ("district", "town", "village")


def listed(setting: str) -> str:
    """SQL: the keys in a scope setting. Unset and empty mean none (an unset setting reads '' after a transaction)."""
    return f"(select string_to_array(nullif(current_setting('app.{setting}', true), ''), ','))::bigint[]"


HOUSEHOLDS = (
    "(select array_agg(g.household_id) from access_household g where g.posting_id = any({postings})"
    " and g.since <= current_date and (g.until is null or g.until > current_date))::bigint[]"
)

FUNCTIONS = """
create or replace function kernel_raise_version() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end $$;

create or replace function kernel_copy_path() returns trigger language plpgsql as $$
begin
    if new.household_id is not null then
        if tg_op = 'UPDATE' and {asked} then -- of new rows the table's check waits, for all of a statement at once
            perform from {household} h where h.id = new.household_id and h.voided_at is null for share;
            if not found then
                raise exception 'the household is void' using errcode = '23514', constraint = 'kernel_gone',
                    table = tg_table_name, column = 'household_id';
            end if;
        end if;
        select h.district_id, h.town_id, h.village_id into new.district_id, new.town_id, new.village_id
          from {household} h where h.id = new.household_id;
    end if;
    return new;
end $$;

drop function if exists kernel_check_path() cascade; -- its work is done by each table's own check

create or replace function kernel_carry_path() returns trigger language plpgsql
    security definer set search_path = {schema}, pg_temp as $$
begin
    {carry}
    return null;
end $$;
revoke execute on function kernel_carry_path() from public;

-- transaction numbers of the history: a restore raises the offset above those it brings (jiyang.audit.chain)
do $$ begin
    if to_regprocedure('kernel_xid_offset()') is null then
        create function kernel_xid_offset() returns bigint language sql immutable as 'select 0::bigint';
    end if;
end $$;
create or replace function kernel_xid() returns xid8 language sql volatile as
    $$ select (pg_current_xact_id()::text::bigint + kernel_xid_offset())::text::xid8 $$;

-- the only way out of the access log: six months stay whatever is asked for (网络安全法 §21)
create or replace function kernel_take_log(before timestamptz) returns setof jsonb language sql
    security definer set search_path = {schema}, pg_temp as $$
    with gone as (delete from audit_accesslog where at < least(before, now() - interval '180 days') returning *)
    select to_jsonb(gone) from gone order by id
$$;
revoke execute on function kernel_take_log(timestamptz) from public;
grant execute on function kernel_take_log(timestamptz) to {web};
"""
# What a statement wrote points to rows that exist: foreign keys without a constraint of their own are checked once per
# statement and distinct value, where a constraint asks for every row; what belongs to a household is seldom pointed to
# twice and is looked up as it comes. Index look-ups always: the plan is kept for the session and has to hold for one row
# and for a hundred thousand.
CHECK = """
create or replace function {name}() returns trigger language plpgsql security definer set search_path = {schema}, pg_temp
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare wrong text;
begin
    {standing}{few}select why into wrong from ({tests}) as tests (why) limit 1;
    if wrong = '' then
        raise exception '% rows must carry the place of their household', tg_table_name using errcode = '23514',
            constraint = case tg_op when 'INSERT' then 'kernel_moved' else 'kernel_place' end, table = tg_table_name;
    elsif wrong is not null then
        raise exception '%.% points to a row that does not exist', tg_table_name, wrong using errcode = '23503';
    end if;
    return null;
end $$;
revoke execute on function {name}() from public;
"""
# A row that comes back to life is asked what a new one is (STANDING): who it follows may be elsewhere by now. By row: few do
# outside of batches, and the other rows of the statement are not asked.
BACK = """
create or replace function {name}() returns trigger language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare wrong text;
begin
    {standing}return null;
end $$;
revoke execute on function {name}() from public;
"""
# New rows wait for whoever is voiding or moving what they hang on, households before the rest and by their keys, and are
# looked at afterwards: an undo or a move either sees them or is seen by them. A share of the row is enough, no key changes;
# batches, which have locked the households or make them, are spared it (`standing.households_held`).
STANDING = """if {when} then
        {locks}
        select why into wrong from ({tests}) as tests (why) limit 1;
        if wrong is not null then
            raise exception '%.% does not stand any more', tg_table_name, split_part(wrong, ' ', 2) using errcode = '23514',
                constraint = split_part(wrong, ' ', 1), column = split_part(wrong, ' ', 2), table = tg_table_name;
        end if;
    end if;
    """
ASKED = f"coalesce(current_setting('{HELD}', true), '') = ''"
LOCK = "perform from ({keys}) d join {table} r on r.{key} = d.key order by r.{key} for share of r;"
GONE = """
    select 'kernel_gone {column}' where exists (
        select from {changed} x join {table} r on r.{key} = x.{column} where r.voided_at is not null and {live})"""
FOLLOWS = """
    select 'kernel_follows {column}' where exists (
        select from {changed} x join {table} r on r.{key} = x.{column} where r.household_id <> x.household_id and {live})"""
PLACE = """
    (select case when h.id is null then 'household_id' else '' end
       from (select distinct household_id, district_id, town_id, village_id from changed where household_id is not null) d
       left join {household} h on h.id = d.household_id
      where h.id is null or (d.district_id, d.town_id, d.village_id) is distinct from (h.district_id, h.town_id, h.village_id)
      limit 1)
"""
REFERENCE = """
    select '{column}' where exists (
        select from (select distinct {column} as key from c where {column} is not null) d
         where not exists (select from {table} r where r.{key} = d.key))
"""
EACH = """
    select '{column}' where exists (
        select from changed d where {column} is not null and not exists (select from {table} r where r.{key} = d.{column}))
"""


# django-pghistory reads who and why from the setting for every row; once per statement spares a tenth of a bulk write.
CONTEXT = "COALESCE(NULLIF(CURRENT_SETTING('pghistory.context_metadata', TRUE), ''), NULL)::JSONB"
CONTEXT_ONCE = """
do $do$ begin
    execute replace(replace(pg_get_functiondef('{function}()'::regprocedure), $$(SELECT {each})$$, $${each}$$),
                    $${each}$$, $$(SELECT {each})$$);
end $do$
"""


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def columns_of(model: type[models.Model]) -> set[str]:
    return {field.column for field in model._meta.local_concrete_fields}


def policy_arms(model: type[models.Model]) -> str:
    """The condition under which a role's scope reaches a row of `model`, for reading and for writing."""
    if is_event(model):
        live = model.pgh_tracked_model._meta
        return f"exists (select 1 from {quoted(live.db_table)} live where live.{live.pk.column} = pgh_obj_id)"
    arms = [f"{arm}_id = any({listed(arm + 's')})" for arm in ARMS]
    if model.posting_column:
        arms.append(f"{model.posting_column} = any({listed('postings')})")
    elif model.household_column:
        arms.append(f"{model.household_column} = any({HOUSEHOLDS.format(postings=listed('postings'))})")
    return " or ".join(arms)


def guards(model: type[models.Model], owner: str, web: str) -> Iterator[str]:
    """Row-level security of a scoped table. The owner's policy keeps migrations and definer triggers seeing rows."""
    table = quoted(model._meta.db_table)
    yield f"alter table {table} enable row level security"
    yield f"alter table {table} force row level security"
    for name, role, condition in (("owner_all", owner, "true"), ("scope", web, policy_arms(model))):
        yield f"drop policy if exists {name} on {table}"
        check = "" if is_event(model) and name == "scope" else f" with check ({condition})"
        verb = " for select" if is_event(model) and name == "scope" else ""
        yield f"create policy {name} on {table}{verb} to {role} using ({condition}){check}"


def grants(model: type[models.Model], web: str) -> Iterator[str]:
    """What the web role may do with a table: nothing for a table that stands in no list."""
    kind, table = matrix().table_kind(model), quoted(model._meta.db_table)
    yield f"revoke all on {table} from {web}"
    if kind is None:
        return
    rights = "select, insert, update"
    if is_event(model):
        rights = "select"
    elif getattr(model, "append_only", False):
        rights = "select, insert"
    elif getattr(model, "deletable", kind == "system"):
        rights = "select, insert, update, delete"
    yield f"grant {rights} on {table} to {web}"
    if kind == "scoped":
        yield f"grant maintain on {table} to {web}"  # ANALYZE after a large import: the planner knows the new rows at once


def trigger(name: str, table: str, when: str, function: str) -> Iterator[str]:
    yield f"drop trigger if exists {name} on {table}"
    yield f"create trigger {name} {when.format(table=table)} execute function {function}()"


def _is_record(model: type[models.Model]) -> bool:
    return is_scoped(model) and issubclass(model, Tracked)


def unconstrained(model: type[models.Model]) -> list[models.ForeignKey]:
    """Foreign keys that the table's own trigger checks; a household's place is compared, not looked up."""
    path = {f"{arm}_id" for arm in ARMS} if model in household_owned() else set()
    return [
        field
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.ForeignKey) and not field.db_constraint and field.column not in path
    ]


def hangs_on(model: type[models.Model]) -> dict[type[models.Model], list[models.ForeignKey]]:
    """The tables of rows that can be voided and that the model's rows point to, households first."""
    found: dict[type[models.Model], list[models.ForeignKey]] = {household_model(): []}
    for field in model._meta.local_concrete_fields:
        target = field.related_model if isinstance(field, models.ForeignKey) else None
        if target and is_scoped(target) and "voided_at" in columns_of(target):
            found.setdefault(target, []).append(field)
    return {target: fields for target, fields in found.items() if fields}


def standing(model: type[models.Model], changed: str = "changed", when: str = f"tg_op = 'INSERT' and {ASKED}") -> str:
    """The part of a table's check that waits for what new rows (`changed`) hang on, and refuses those whose hold has gone.

    What a job derives may be of a void household, but never of another place.
    """
    locks, tests = [], []
    live = [f"not ({model.derived_when})"] if model.derived_when else []
    live += ["x.voided_at is null"] if "voided_at" in columns_of(model) else []
    for target, fields in hangs_on(model).items():
        keys = " union ".join(f"select x.{field.column} as key from {changed} x" for field in fields)
        locks.append(LOCK.format(keys=keys, table=quoted(target._meta.db_table), key=target._meta.pk.column))
        for field in fields:
            parts = {"column": field.column, "table": quoted(target._meta.db_table), "key": target._meta.pk.column}
            parts |= {"live": " and ".join(live) or "true", "changed": changed}
            tests.append(GONE.format(**parts))
            tests += [FOLLOWS.format(**parts)] if field.name == model.follows else []
    return STANDING.format(when=when, locks="\n        ".join(locks), tests=" union all ".join(tests)) if locks else ""


def checks(model: type[models.Model], schema: str) -> Iterator[str]:
    """The trigger that checks, once per statement, what the table's rows point to."""
    name, table = f"kernel_check_{model._meta.db_table}", quoted(model._meta.db_table)
    owned, fields = household_owned(), unconstrained(model)
    if not fields and model not in owned:
        return
    compared = {"household_id"} if model in owned else set()
    looked_up = [field for field in fields if field.column not in compared]
    columns = [field.column for field in looked_up if field.related_model not in owned]
    tests = [
        (EACH if field.related_model in owned else REFERENCE).format(
            column=field.column, table=quoted(field.related_model._meta.db_table), key=field.target_field.column
        )
        for field in looked_up
    ]
    if compared:
        tests.append(PLACE.format(household=quoted(household_model()._meta.db_table)))
    few = f"with c as materialized (select distinct {', '.join(columns)} from changed)\n    " if columns else ""
    yield CHECK.format(name=name, schema=schema, few=few, standing=standing(model), tests=" union all ".join(tests))
    if (again := standing(model, "(select new.*)", "true")) and "voided_at" in columns_of(model):
        yield BACK.format(name=f"kernel_back_{model._meta.db_table}", schema=schema, standing=again)
        back = f"old.voided_at is not null and new.voided_at is null and {ASKED}"
        when = f"after update on {{table}} for each row when ({back})"
        yield from trigger("kernel_back", table, when, f"kernel_back_{model._meta.db_table}")
    for verb in ("insert", "update"):
        when = f"after {verb} on {{table}} referencing new table as changed for each statement"
        yield from trigger(f"kernel_check_{verb}", table, when, name)


def triggers(model: type[models.Model]) -> Iterator[str]:
    table = quoted(model._meta.db_table)
    if is_event(model):
        yield from trigger(
            "kernel_no_truncate", table, "before truncate on {table} for each statement", "kernel_refuse"
        )
        yield f"alter table {table} alter column pgh_xid set default kernel_xid()"
        return
    if "version" in columns_of(model):
        # a bulk statement that raises the version itself is spared the comparison and the call
        when = "before update on {table} for each row when (old.version = new.version and old.* is distinct from new.*)"
        yield from trigger("kernel_version", table, when, "kernel_raise_version")
    if model in household_owned():
        missing = "before insert on {table} for each row when (new.village_id is null)"
        yield from trigger("kernel_path_new", table, missing, "kernel_copy_path")
        changed = "before update on {table} for each row when (old.household_id is distinct from new.household_id)"
        yield from trigger("kernel_path_household", table, changed, "kernel_copy_path")
    if model is household_model():
        moved = " or ".join(f"old.{arm}_id is distinct from new.{arm}_id" for arm in ARMS)
        when = f"after update on {{table}} for each row when ({moved})"
        yield from trigger("kernel_carry", table, when, "kernel_carry_path")


def indexes(model: type[models.Model]) -> Iterator[str]:
    """Indexes of a record's place and origin, of live rows alone: voiding fifty thousand rows writes none of them anew.

    One for the whole place: a village is found in it by a skip scan over the ten towns, and a large batch writes one less.
    """
    owned = model in household_owned()  # all of one district are no choice; other records may be a district's own
    table = model._meta.db_table
    for name, arms in (("place", ARMS[1:] if owned else ARMS), ("origin", ("origin",))):
        columns = ", ".join(f"{arm}_id" for arm in arms)
        yield (
            f"create index if not exists {quoted(f'{table}_{name}_live')} on {quoted(table)} ({columns})"
            " where voided_at is null"
        )
    former = ", ".join(quoted(f"{table}_{arm}_live") for arm in ARMS)  # of databases made before 0.8
    yield f"drop index if exists {former}"


def functions(schema: str, web: str) -> str:
    place = ", ".join(f"{arm}_id = new.{arm}_id" for arm in ARMS)
    carry = "\n    ".join(
        f"update {quoted(model._meta.db_table)} set {place} where household_id = new.id;" for model in household_owned()
    )
    household = quoted(household_model()._meta.db_table)
    return FUNCTIONS.format(household=household, schema=schema, carry=carry, web=web, asked=ASKED) + (
        "create or replace function kernel_refuse() returns trigger language plpgsql as $$"
        " begin raise exception '%: history is append-only', tg_table_name using errcode = '42501'; end $$;"
    )


def history_functions(schema: str) -> Iterator[str]:
    """History triggers run as the owner (the web role cannot forge events) and never by nested loops (STACK.md 8)."""
    for model, registered in pgtrigger.registered():
        if isinstance(registered, pghistory.trigger.Event):
            function = quoted(registered.get_pgid(model))
            yield (
                f"alter function {function}() security definer set search_path = {schema}, pg_temp set enable_nestloop = off"
            )
            yield f"revoke execute on function {function}() from public"
            yield CONTEXT_ONCE.format(function=function, each=CONTEXT)


def sync_schema(**kwargs) -> None:
    """Bring policies, grants and triggers in line with the models. Needs the owner; the web role returns at once."""
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_schema()")
        owner, schema = cursor.fetchone()
        web = quoted(settings.WEB_ROLE)
        if owner == settings.WEB_ROLE or household_model()._meta.db_table not in connection.introspection.table_names():
            return
        pgtrigger.install()
        cursor.execute(functions(quoted(schema), web))
        for statement in history_functions(quoted(schema)):
            cursor.execute(statement)
        for model in apps.get_models(include_auto_created=True):
            if model._meta.proxy or not model._meta.managed:
                continue
            statements = [*grants(model, web)]
            if matrix().table_kind(model) == "scoped":
                statements += guards(model, quoted(owner), web)
            if matrix().table_kind(model) == "scoped" or is_event(model):
                statements += triggers(model)
            if model in household_owned() or _is_record(model):
                statements += checks(model, quoted(schema))
            if {"origin_id", "voided_at"} <= columns_of(model) and not is_event(model):
                statements += indexes(model)
            cursor.execute(";\n".join(statements))
        cursor.execute(f"grant usage on all sequences in schema {quoted(schema)} to {web}")
        cursor.execute(f"grant select on django_migrations to {web}")
