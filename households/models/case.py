"""What the national roster says of a monitored household: its risks, problems, measures and how the risk was removed."""

from django.db import models
from django.db.models import Q

from households.enums import (
    CompulsoryEducationHelp,
    DevelopmentState,
    DisasterKind,
    EducationHelp,
    EmploymentHelp,
    FinanceHelp,
    HealthHelp,
    HousingHelp,
    IndustryHelp,
    PublicPost,
    RemovalWay,
    RiskCause,
    SafetyNetHelp,
    SocialHelp,
    WaterHelp,
    YesHelp,
)
from households.models.columns import amount, choice, flag, phone, phone_index, several, words
from jiyang.ledgers.records import HouseholdRecord


class CaseRecord(HouseholdRecord):
    """监测信息: sections A, C, E and F of the national form (DOMAIN.md 1.3, Roster C). One live row per household; 元.

    When the risk was identified and removed stands with the household itself, incomes before stand in its statements.
    """

    risk_1 = choice("致贫/返贫风险1", RiskCause)
    risk_2 = choice("致贫/返贫风险2", RiskCause)
    risk_3 = choice("致贫/返贫风险3", RiskCause)
    risk_4 = choice("致贫/返贫风险4", RiskCause)
    risk_5 = choice("致贫/返贫风险5", RiskCause)
    disaster_kind = several("因自然灾害子项", DisasterKind)
    other_remark = words("其他备注", 200)
    dropout_problem = flag("是否义务教育阶段适龄儿童少年失学辍学")
    uninsured_problem = flag("是否有家庭成员未参加城乡居民（职工）基本医疗保险")
    development_state = choice("实施开发式帮扶措施情况", DevelopmentState)
    measure_industry = several("产业帮扶", IndustryHelp)
    measure_employment = several("就业帮扶", EmploymentHelp)
    measure_finance = several("金融帮扶", FinanceHelp)
    measure_public_post = several("公益岗位帮扶", PublicPost)
    measure_public_post_remark = words("公益性岗位帮扶其他备注", 200)
    measure_housing = several("住房安全保障", HousingHelp)
    measure_water = several("饮水安全保障", WaterHelp)
    measure_health = several("健康帮扶", HealthHelp)
    measure_compulsory_education = several("义务教育保障", CompulsoryEducationHelp)
    measure_education = several("教育帮扶", EducationHelp)
    measure_safety_net = several("综合保障", SafetyNetHelp)
    measure_social = several("社会帮扶", SocialHelp)
    measure_relocation = several("搬迁", YesHelp)
    measure_living = several("生产生活条件改善", YesHelp)
    measure_infrastructure = several("基础设施建设", YesHelp)
    removal_way = choice("风险消除方式", RemovalWay)
    after_dropout = flag("风险消除后是否义务教育阶段适龄儿童少年失学辍学")
    after_house_damaged = flag("风险消除后是否住房损毁")
    after_uninsured = flag("风险消除后是否有家庭成员未参加城乡居民（职工）基本医疗保险")
    after_water_damaged = flag("风险消除后是否饮水设施损毁")
    after_wage_income = amount("风险消除后工资性收入")
    after_property_income = amount("风险消除后财产性收入")
    after_transfer_income = amount("风险消除后转移性收入")
    after_business_income = amount("风险消除后生产经营性收入")
    after_business_cost = amount("风险消除后生产经营性支出")
    after_net_income = amount("风险消除后家庭纯收入")
    after_income_per_head = amount("风险消除后家庭人均纯收入")
    after_claim_income = amount("风险消除后理赔收入")
    after_qualified_spending = amount("风险消除后合规自付支出")
    collector = words("信息采集人", 60)
    collector_phone = phone("信息采集人联系电话")
    collector_phone_index = phone_index("信息采集人联系电话")
    monitor_contact = words("监测联系人", 60)
    monitor_contact_phone = phone("监测联系人电话")
    monitor_contact_phone_index = phone_index("监测联系人电话")

    field_groups = {
        "contact": ("collector_phone", "monitor_contact_phone"),
        "health": ("measure_health",),
        "income": (
            "after_wage_income",
            "after_property_income",
            "after_transfer_income",
            "after_business_income",
            "after_business_cost",
            "after_net_income",
            "after_income_per_head",
            "after_claim_income",
            "after_qualified_spending",
        ),
    }
    masked = {"collector_phone": "phone", "monitor_contact_phone": "phone"}

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "监测信息"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(voided_at=None),
                name="case_record_one_live",
                violation_error_message="该户已有监测信息，请修改原有的一份",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} 的监测信息"

    @property
    def risks(self) -> str:
        """The risks in their order, as labels."""
        found = (getattr(self, f"get_risk_{number}_display")() for number in range(1, 6))
        return "、".join(one for one in found if one)
