"""What the national rosters say of a household's living conditions and of a person's insurance, relief and work.

Sources: DOMAIN.md 1.2 (Rosters B, C, F), 1.3. The field names are those of `layouts/fields.yaml`.
"""

from django.db import models

from households.enums import Allowance, DestituteSupport, PoliticalStatus, PublicPost, WorkPlace
from households.models.columns import amount, choice, count, flag, several, words


class LivingConditions(models.Model):
    """生产生活条件 of a household; areas in 亩 or m², the distance in 公里."""

    farmland_mu = amount("耕地面积（亩）")
    forest_mu = amount("林地面积（亩）")
    returned_forest_mu = amount("退耕还林面积（亩）")
    orchard_mu = amount("林果面积（亩）")
    pasture_mu = amount("牧草地面积（亩）")
    water_mu = amount("水面面积（亩）")
    house_area_m2 = amount("住房面积（平方米）")
    electricity = flag("是否通生活用电")
    sanitary_toilet = flag("是否有卫生厕所")
    toilet_usable = flag("卫生厕所是否能正常使用")
    road_hardened = flag("入户道路是否硬化")
    road_distance_km = amount("与村主干路距离（公里）")
    no_labour_household = flag("整户无劳动能力兜底保障户")
    identification_standard = words("识别标准", 60)

    class Meta:
        abstract = True


class Entitlements(models.Model):
    """参保与救助 of a person; the support's amount in 元."""

    political_status = choice("政治面貌", PoliticalStatus)
    speaks_mandarin = flag("是否会讲普通话")
    no_school_reason = words("义务教育阶段未上学原因")
    disability_kind = words("残疾类别", 60)
    certificate_year = count("残疾证办证年度")
    resident_medical_insured = flag("是否参加城乡居民基本医疗保险")
    employee_medical_insured = flag("是否参加城镇职工基本医疗保险")
    commercial_medical_insured = flag("是否参加商业补充医疗保险")
    medical_aid = flag("是否接受医疗救助")
    serious_illness_aid = flag("是否接受大病医疗救助")
    other_health_aid = flag("是否接受其他健康扶贫")
    resident_pension_insured = flag("是否参加城乡居民基本养老保险")
    employee_pension_insured = flag("是否参加城镇职工基本养老保险")
    subsistence_allowance = choice("享受低保政策情况", Allowance)
    destitute_support = choice("享受特困供养政策情况", DestituteSupport)
    destitute_support_amount = amount("特困人员救助供养金")

    class Meta:
        abstract = True


class Occupation(models.Model):
    """务工与岗位 of a person as the yearly roster says; single jobs are spells of the labour ledger."""

    work_place = choice("务工所在地", WorkPlace)
    job_employer = words("务工企业名称")
    job_channel = words("就业渠道", 60)
    resettled_job_channel = words("就业渠道（易地搬迁后扶使用）", 60)
    industry_kind = words("产业分类", 60)
    works_abroad = flag("是否国外务工")
    public_post = several("公益性岗位", PublicPost)
    public_post_months = count("公益性岗位（月数）")

    class Meta:
        abstract = True


def names_of(*mixins: type[models.Model]) -> tuple[str, ...]:
    """The fields of abstract models, in order."""
    return tuple(field.name for mixin in mixins for field in mixin._meta.local_fields)
