"""The register's ledgers: 户档案 and 人员台账."""

from django.db.models import QuerySet
from django.utils import timezone

from households.filters import HouseholdFilter, PersonFilter
from households.forms import HouseholdEditForm, HouseholdForm
from households.models import Household, Person
from households.services import register
from households.views.detail import HouseholdDetailView
from jiyang.ledgers.columns import Column
from jiyang.ledgers.ledger import FormFor, Ledger


class HouseholdLedger(Ledger):
    model = Household
    title, unit, noun = "户档案", "户", "户"
    menu_order = 20
    related = ("state", "town", "village")
    columns = (
        Column("state__tier", "类", cell="tier", sort=True),
        Column("state__head_name", "户主", cell="link", sort="state__head_pinyin"),
        Column("household_no", optional=True),
        Column("town__name", "镇街", sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("state__people", "人口", optional=True),
        Column("category", "监测类别", optional=True),
        Column("poverty_cause", "致贫原因", optional=True),
        Column("monitoring_status", "状态", cell="tag", optional=True),
        Column("state__income_per_head", "人均纯收入（元）", optional=True),
        Column("state__last_visit_on", "上次入户", optional=True),
        Column("state__next_visit_on", "下次走访", cell="due"),
    )
    extra_export = (
        Column("household_type"),
        Column("hamlet"),
        Column("phone"),
        Column("dangerous_house"),
        Column("safe_water"),
        Column("identified_on"),
        Column("risk_identified_on"),
        Column("risk_removed_on"),
    )
    filterset = HouseholdFilter
    sort = "state__next_visit_on"
    empty = "还没有户。导入名单，或新建户。"
    list_template, detail_template = "households/list.html", "households/detail.html"
    detail_view = HouseholdDetailView
    create = FormFor(HouseholdForm, register.register_household)
    edit = FormFor(HouseholdEditForm, register.edit_household)

    @classmethod
    def laid_out(cls, rows: QuerySet) -> QuerySet:
        """Every household has its state: said so, the database joins it inwards and reads a page along its index."""
        return rows.filter(state__isnull=False)

    @classmethod
    def standing(cls, rows: QuerySet) -> QuerySet:
        return rows.on_register(timezone.localdate())


class PersonLedger(Ledger):
    model = Person
    title, unit, noun = "人员台账", "人", "人员"
    related = ("household__state", "town", "village")
    columns = (
        Column("name", cell="link", sort="name_pinyin"),
        Column("household__household_no", "户编号"),
        Column("town__name", "镇街", sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("sex", optional=True),
        Column("birth_date", optional=True),
        Column("id_number", optional=True),
        Column("health", sort=None),
        Column("education", optional=True, sort=None),
        Column("school_state", optional=True, sort=None),
        Column("labour", sort=None),
        Column("work_months", optional=True),
    )
    extra_export = (
        Column("person_no"),
        Column("ethnic"),
        Column("phone"),
        Column("critical_illness_insured"),
        Column("identified_on"),
    )
    filterset = PersonFilter
    sort = "name_pinyin"
    empty = "还没有人员。导入名单，或新建户。"

    @classmethod
    def standing(cls, rows: QuerySet) -> QuerySet:
        return rows.members_on(timezone.localdate())

    @classmethod
    def url_of(cls, row: Person) -> str:
        return HouseholdLedger.url("detail", row.household_id) + "?tab=members"
