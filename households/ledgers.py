"""The register's ledgers: 户档案, 人员台账, 帮扶责任人, 人员变更, 分类调整申请."""

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from households.filters import CaseFilter, ChangeFilter, HelperFilter, HouseholdFilter, PersonFilter, ProposalFilter
from households.forms.facts import CASE, CaseEditForm, CaseForm, PersonEditForm
from households.forms.pairings import HelperEditForm, HelperForm, PairForm
from households.forms.register import HouseholdEditForm, HouseholdForm
from households.forms.tiers import TierForm
from households.models import CaseRecord, Helper, Household, Person, PersonChange, TierChange
from households.models.conditions import Entitlements, LivingConditions, Occupation, names_of
from households.roster.layout_export import offered
from households.services import facts, pairings, register, tiers
from households.views.change_detail import ChangeDetailView
from households.views.detail import HouseholdDetailView
from households.views.helpers import HelperDetailView
from households.views.person_detail import PersonDetailView
from jiyang.ledgers.bulk import BulkAction
from jiyang.ledgers.columns import Column
from jiyang.ledgers.importing import Imports
from jiyang.ledgers.ledger import FormFor, Ledger
from jiyang.ledgers.views import LedgerDetailView
from jiyang.workflow.proposals import decision_of


class HouseholdLedger(Ledger):
    model = Household
    title, unit, noun = "户档案", "户", "户"
    menu_order = 20
    related = ("state", "town", "village")
    columns = (
        Column("state__tier", "类", cell="tier", sort=True),
        Column("state__head_name", "户主", cell="link", sort="state__head_pinyin"),
        Column("household_no", optional=True),
        Column("town__name", "镇街", optional=True, sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("state__people", "人口", optional=True),
        Column("category", "监测类别", optional=True),
        Column("poverty_cause", "致贫原因", optional=True),
        Column("monitoring_status", "状态", cell="tag", optional=True),
        Column("state__income_per_head", "人均纯收入（元）", optional=True),
        Column("state__helper_name", "帮扶责任人", optional=True, sort=None),
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
        *(Column(name) for name in names_of(LivingConditions)),
    )
    file_layouts = offered
    filterset = HouseholdFilter
    sort = "state__next_visit_on"
    empty = "还没有户。导入名单，或新建户。"
    list_template, detail_template = "households/list.html", "households/detail.html"
    detail_view = HouseholdDetailView
    bulk = (
        BulkAction(
            "tier", "认定分类", tiers.ask_for_tier, form=TierForm, warning="进入或退出 A 类的户报区级确认后生效。"
        ),
        BulkAction("pair", "结对", pairings.pair, form=PairForm, warning="原责任人的结对到开始时间为止，记录保留。"),
    )
    create = FormFor(HouseholdForm, register.register_household)
    edit = FormFor(HouseholdEditForm, register.edit_household)

    @classmethod
    def files_url(cls, row: Household) -> str:
        return f"{cls.url_of(row)}?tab=files"

    @classmethod
    def laid_out(cls, rows: QuerySet) -> QuerySet:
        """Every household has its state: said so, the database joins it inwards and reads a page along its index."""
        return rows.filter(state__isnull=False)

    @classmethod
    def standing(cls, rows: QuerySet) -> QuerySet:
        return rows.on_register(timezone.localdate())


class PersonLedger(Ledger):
    model, own_tab = Person, True
    title, unit, noun = "人员台账", "人", "人员"
    related = ("household__state", "town", "village")
    columns = (
        Column("name", cell="link", sort="name_pinyin"),
        Column("household__household_no", "户编号"),
        Column("town__name", "镇街", optional=True, sort="town__code"),
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
        *(Column(name, sort=None) for name in names_of(Entitlements, Occupation)),
    )
    file_layouts = offered
    filterset = PersonFilter
    edit = FormFor(PersonEditForm, facts.edit_person)
    detail_template, detail_view = "households/person.html", PersonDetailView
    sort = "name_pinyin"
    empty = "还没有人员。导入名单，或新建户。"

    @classmethod
    def standing(cls, rows: QuerySet) -> QuerySet:
        return rows.members_on(timezone.localdate())


class CaseLedger(Ledger):
    model, name = CaseRecord, "case"
    title, unit, noun = "监测信息", "户", "监测信息"
    related = ("household__state", "town", "village")
    columns = (
        Column("household__state__head_name", "户主", cell="link", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", optional=True, sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("household__category", "监测类别", optional=True),
        Column("household__monitoring_status", "状态", cell="tag", optional=True),
        Column("risks", "致贫/返贫风险"),
        Column("development_state", optional=True, sort=None),
        Column("household__risk_identified_on", "识别时间", optional=True),
        Column("household__risk_removed_on", "消除时间", optional=True),
        Column("removal_way", optional=True, sort=None),
    )
    extra_export = tuple(Column(name, sort=None) for name in CASE if name not in {"development_state", "removal_way"})
    filterset, sort = CaseFilter, "-household__risk_identified_on"
    empty = "还没有监测信息。导入监测对象名单，或在监测户的档案里登记。"
    create = FormFor(CaseForm, facts.keep_case)
    edit = FormFor(CaseEditForm, facts.edit_case)
    imports = Imports("case.import", ("household",), facts.fill_case)


class HelperLedger(Ledger):
    model = Helper
    title, unit, noun = "帮扶责任人", "人", "责任人"
    related = ("town", "user")
    columns = (
        Column("name", cell="link"),
        Column("kind"),
        Column("town__name", "镇街", optional=True, sort="town__code"),
        Column("office"),
        Column("affiliation", optional=True),
        Column("political", optional=True),
        Column("phone", optional=True),
        Column("paired", "帮扶户数", cell="number", sort=None),
        Column("user__username", "系统账号", optional=True),
    )
    filterset = HelperFilter
    sort = "name"
    empty = "还没有帮扶责任人。先新建责任人，再给户结对。"
    detail_template = "households/helper.html"
    detail_view = HelperDetailView
    create = FormFor(HelperForm, pairings.register_helper)
    edit = FormFor(HelperEditForm, pairings.edit_helper)
    imports = Imports("helper.import", key=("town", "name", "kind"), leave_out=("username",))

    @classmethod
    def rows(cls, actor) -> QuerySet:
        return super().rows(actor).annotate(paired=Count("pairings", filter=Q(pairings__until=None)))


class ChangeLedger(Ledger):
    model, name = PersonChange, "change"
    title, unit, noun = "人员变更", "件", "变更"
    related = ("household__state", "person", "new_head", "target_village", "target_household", "result_household", "town", "village",
               "submitted_by", "decided_by")  # fmt: skip
    columns = (
        Column("kind", cell="link"),
        Column("household__state__head_name", "户主", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", optional=True, sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("on"),
        Column("state", cell="tag"),
        Column("submitted_by__name", "提交人", optional=True),
        Column("decided_by__name", "复核人", optional=True),
    )
    extra_export = (
        Column("person__name", "人员"),
        Column("new_name", "新成员"),
        Column("new_id_number"),
        Column("relation"),
        Column("new_head__name", "新户主"),
        Column("target_household__household_no", "转入户编号"),
        Column("target_village__name", "迁入村"),
        Column("note"),
    )
    filterset = ChangeFilter
    sort = "-on"
    empty = "还没有人员变更。在户档案的“成员”页登记。"
    detail_template = "households/change_detail.html"
    detail_view = ChangeDetailView


class TierChangeDetailView(LedgerDetailView):
    """A tier's proposal with the decision."""

    def get_context_data(self, **kwargs) -> dict:
        change = self.get_object()
        urls = [reverse(f"households:tierchange_{act}", args=[change.pk]) for act in ("decide", "withdraw")]
        return {**super().get_context_data(**kwargs), "decision": decision_of(change, self.actor, *urls)}


class TierChangeLedger(Ledger):
    model = TierChange
    title, unit, noun = "分类调整申请", "件", "申请"
    related = ("household__state", "town", "village", "submitted_by", "decided_by")
    columns = (
        Column("household__state__head_name", "户主", cell="link", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", optional=True, sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("former", cell="tier"),
        Column("tier", cell="tier"),
        Column("on"),
        Column("expires_on", optional=True),
        Column("reason", optional=True, sort=None),
        Column("state", cell="tag"),
        Column("submitted_by__name", "提交人", optional=True),
        Column("decided_by__name", "复核人", optional=True),
    )
    filterset = ProposalFilter
    sort = "-on"
    empty = "还没有进入或退出 A 类的申请。"
    detail_view = TierChangeDetailView
