"""Filling an empty register with synthetic data, set-based: people through the import's own plan and commit."""

from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from households.roster import apply, plan, staging, synthetic
from households.services import state
from jiyang.access.standing import households_held
from jiyang.access.tables import is_event, scoped_models
from jiyang.accounts.models import User
from jiyang.intake.bulk import refresh_statistics, whole_batch
from jiyang.intake.enums import BatchState
from jiyang.intake.models import Batch
from jiyang.regions.enums import Level
from jiyang.regions.models import Region

CHUNK = 100_000  # people staged at a time
TIERS = """
insert into households_tierdecision (public_id, version, district_id, town_id, village_id, household_id, tier, reason, since,
    done_by, done_on, entered_by_id, entered_at, void_reason)
select gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id,
    case when r.dice < 0.08 then 'A' when r.dice < 0.3 then 'B' else 'C' end, '合成数据',
    h.registered_on + (r.dice * 300)::int, '合成', h.registered_on + (r.dice * 300)::int, %(by)s, now(), ''
  from households_household h, lateral (select (hashtextextended(h.household_no, %(seed)s) & 1048575) / 1048576.0 as dice) r
 where r.dice < 0.85
"""
CASES = """
insert into households_caserecord (public_id, version, district_id, town_id, village_id, household_id, risk_1, dropout_problem,
    uninsured_problem, done_by, done_on, entered_by_id, entered_at, void_reason)
select gen_random_uuid(), 1, h.district_id, h.town_id, h.village_id, h.id,
    (array['illness', 'disability', 'unstable_work', 'school'])[1 + (hashtextextended(h.household_no, %(seed)s) & 3)],
    false, false, '合成', h.registered_on, %(by)s, now(), ''
  from households_household h where h.category <> ''
"""
_more: list[Callable[[int, User], dict[str, int]]] = []


def also(fill: Callable[[int, User], dict[str, int]]) -> Callable:
    """Register a later app's filler `(seed, by) → counts`; it runs after the register is filled (module `seeds`)."""
    _more.append(fill)
    return fill


def fill(persons: int, seed: int) -> dict[str, int]:
    """Fill the register; returns counts. Call inside a system scope and a transaction."""
    maker, checker = (_user(name) for name in ("seed_maker", "seed_checker"))
    district = Region.objects.at(Level.DISTRICT).order_by("code").first()
    for start in range(0, persons, CHUNK):
        with whole_batch(CHUNK), households_held():
            _load(synthetic.people(min(CHUNK, persons - start), seed + start, first=start), district, maker, checker)
    counts = {"persons": persons}
    with whole_batch(persons), households_held(), connection.cursor() as cursor:
        cursor.execute(TIERS, {"by": checker.pk, "seed": seed})
        counts["tiers"] = cursor.rowcount
        cursor.execute(CASES, {"by": checker.pk, "seed": seed})
        counts["cases"] = cursor.rowcount
        for more in _more:
            counts |= more(seed, checker)
        cursor.execute("select id from households_household")
        ids = [pk for (pk,) in cursor.fetchall()]
        state.refresh(ids)
    refresh_statistics(*(model._meta.db_table for model in scoped_models() if not is_event(model)))
    return counts | {"households": len(ids)}


def _user(name: str) -> User:
    return User.objects.filter(username=name).first() or User.objects.create_user(
        name, name="合成数据", is_active=False
    )


def _load(mapped, district: Region, maker: User, checker: User) -> None:
    batch = Batch.objects.create(
        district=district, filename="合成数据", sha256="", file="", state=BatchState.APPROVED, uploaded_by=maker, submitted_by=maker,
        submitted_at=timezone.now(), approved_by=checker, approved_at=timezone.now(), rows=len(mapped.rows), data_date=synthetic.DAY,
    )  # fmt: skip
    fields = {*mapped.columns, "village"}
    staging.stage(mapped, district.pk)
    plan.make(fields, apply.roster_period(synthetic.DAY)[0], with_register=False)
    apply.commit(batch, by_id=checker.pk, who=maker.name, fields=fields, day=synthetic.DAY, source="roster_stage")
    batch.counts = plan.counts()
    batch.save()
    with connection.cursor() as cursor:
        cursor.execute("drop table roster_stage; drop table roster_plan; drop table roster_write")
