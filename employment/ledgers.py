"""The ledgers of labour: 务工 and 务工计划."""

import datetime as dt
from functools import partial

from employment import services
from employment.filters import PlanFilter, SpellFilter
from employment.forms import PlanEditForm, PlanForm, SpellEditForm, SpellForm
from employment.models import LabourPlan, LabourSpell
from households.roster.layout_export import offered
from jiyang.ledgers.columns import Column
from jiyang.ledgers.importing import Imports
from jiyang.ledgers.ledger import FormFor, Ledger
from jiyang.ledgers.voiding import voiding

MEMBER = (
    ("person__name", "姓名", {"cell": "link", "sort": "person__name_pinyin"}),
    ("household__household_no", "户编号", {"optional": True}),
    ("town__name", "镇街", {"sort": "town__code"}),
    ("village__short_name", "行政村", {"sort": "village__code"}),
)
NUMBERS = (Column("person__person_no", "人编号"), Column("person__id_number", "证件号码"))
VOID = voiding("登记到了另一个人名下")


def month_of(day: dt.date | None) -> dt.date | None:
    """The national system dates jobs by months."""
    return day and day.replace(day=1)


def members() -> list[Column]:
    """The columns that say whose record it is."""
    return [Column(path, label, **more) for path, label, more in MEMBER]


class SpellLedger(Ledger):
    model, name = LabourSpell, "spell"
    title, unit, noun, menu_order = "务工", "条", "务工记录", 32
    related = ("person", "household", "town", "village")
    columns = (
        *members(),
        Column("working", sort=None),
        Column("job_started_on"),
        Column("job_ended_on", optional=True),
        Column("job_county", sort=None),
        Column("job_employer", sort=None),
        Column("job_monthly_pay", optional=True),
        Column("job_channel", optional=True, sort=None),
    )
    extra_export = (
        *NUMBERS,
        *(
            Column(name, sort=None)
            for name in ("job_place", "job_industry", "point_to_point", "travel_subsidy", "job_phone", "other_info")
        ),
    )
    file_layouts = partial(offered, ("roster_d",))
    filterset, sort = SpellFilter, "-job_started_on"
    empty = "还没有务工记录。导入务工月监测表，或登记务工。"
    create = FormFor(SpellForm, services.record_spell)
    edit = FormFor(SpellEditForm, services.edit_spell)
    imports = Imports(
        "labour.import",
        ("person", "job_started_on", "job_employer"),
        services.fill_spell,
        alike={"job_started_on": month_of},
        by_month=("job_started_on", "job_ended_on"),
    )
    bulk = (VOID,)


class PlanLedger(Ledger):
    model, name = LabourPlan, "plan"
    title, unit, noun = "务工计划", "人", "计划"
    related = ("person", "household", "town", "village")
    columns = (
        *members(),
        Column("plans_to_work", sort=None),
        Column("planned_county", sort=None),
        Column("service_need", sort=None),
    )
    extra_export = (*NUMBERS, Column("job_phone"))
    file_layouts = partial(offered, ("roster_g",))
    filterset, sort = PlanFilter, "person__name_pinyin"
    empty = "还没有务工计划。导入计划外出务工信息，或登记计划。"
    create = FormFor(PlanForm, services.record_plan)
    edit = FormFor(PlanEditForm, services.edit_plan)
    imports = Imports("labour.import", ("person",), services.fill_plan)
    bulk = (VOID,)
