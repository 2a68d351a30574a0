"""What rules may ask of households, people, job spells, plans and villages: the columns of the layouts, and facts derived from them."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from households.enums import IdKind, Sex
from jiyang.intake.findings import kinds
from jiyang.intake.layouts import Field, layouts
from jiyang.rules.fields import Relation, RuleField, subject

KINDS = {
    "text": "text", "name": "text", "listed": "text", "county_place": "text", "number_text": "text", "choice": "choice", "choices": "choices",
    "labels": "labels", "yes_no": "boolean", "count": "integer", "year": "integer", "money": "decimal", "decimal": "decimal",
    "month": "date", "day": "date", "birth": "date", "id_number": "hidden", "phone": "hidden",
}  # fmt: skip
UNITS = {"mu": "亩", "km": "公里", "m2": "平方米", "wan": "万元"}
NO_NUMBER = "没有证件号码（999999）"
RISKS = tuple(f"risk_{number}" for number in range(1, 6))
SUBJECTS = {"household": "户", "person": "人员", "spell": "务工记录", "plan": "务工计划", "village": "行政村"}
UNITS_OF = {"household": "户", "person": "人", "village": "个村"}
LAYOUTS = ("roster_c", "roster_a", "roster_b", "roster_f", "roster_d", "roster_g", "roster_e")


def problem(code: str) -> str:
    """A finding's code, `field:code` or `code`, as its message."""
    kind = kinds().get(code.rpartition(":")[2])
    return kind.message if kind else NO_NUMBER if code == "no_id_number" else code


def of_column(one: Field) -> RuleField:
    kind = KINDS[one.type]
    unit = UNITS.get(one.name.rsplit("_", 1)[-1], "元" if one.type == "money" else "")
    title = re.sub("[（(](?:元|亩|万元)[）)]$", "", one.heading)
    return RuleField(one.name, title, kind, one.official, unit, open=one.type == "labels")


def age(values: Mapping[str, Any], day: dt.date | None, born: str = "birth_date") -> int | None:
    birth = values.get(born)
    if birth is None or day is None:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def age_sql(day: str) -> str:
    """Whole years. `date_part` counts in floats, exact here and half the work of `extract`, which counts in numerics."""
    parts = "date_part('month', {d}) * 100 + date_part('day', {d})"
    born = "{t}.birth_date"
    return (
        f"(date_part('year', {day}) - date_part('year', {born})"
        f" - (case when {parts.format(d=day)} < {parts.replace('{d}', born)} then 1 else 0 end))::integer"
    )


def kept(*names: str) -> Callable[[Mapping[str, Any], dt.date], list]:
    """The values of some columns, empty ones left out, each once."""
    return lambda values, day: list(dict.fromkeys(values[name] for name in names if values.get(name)))


def document(values: Mapping[str, Any], day: dt.date) -> str | None:
    return values.get("stated_id_kind") or values.get("id_kind")


def works_by_roster(values: Mapping[str, Any], day: dt.date) -> bool:
    return values.get("work_place") is not None or (values.get("work_months") or 0) > 0


def percent_fallen(values: Mapping[str, Any], day: dt.date) -> Decimal | None:
    before, now = values.get("income_last_year"), values.get("income_per_head")
    return None if not before or before < 0 or now is None else 100 * (before - now) / before


def percent_spent(values: Mapping[str, Any], day: dt.date) -> Decimal | None:
    spent, income = values.get("qualified_spending"), values.get("net_income")
    if spent is None or income is None or spent <= 0:
        return None
    return 100 * spent / income if income > 0 else Decimal(100)


def months_to_removal(values: Mapping[str, Any], day: dt.date) -> int | None:
    """Calendar months: of a removal in the next month 1, on whatever days."""
    begun, ended = values.get("risk_identified_on"), values.get("risk_removed_on")
    return None if begun is None or ended is None else (ended.year - begun.year) * 12 + ended.month - begun.month


def risks(values: Mapping[str, Any], day: dt.date) -> list[str]:
    return [values[name] for name in RISKS if values.get(name)]


def register() -> None:
    made = {key: subject(key, title, UNITS_OF.get(key, "条")) for key, title in SUBJECTS.items()}
    for key in LAYOUTS:
        layout = layouts()[key]
        for one in layout.fields:
            if one.is_value:
                of_household = one.belongs_to == "household" and layout.rows in {"person", "household"}
                target = made["household" if of_household or layout.rows == "household" else layout.rows]
                if one.name not in target.fields:
                    target.add(of_column(one))
    for one in made.values():
        one.add(RuleField("problems", "单元格问题", "labels", open=True, label=problem))
    _household(made["household"])
    _person(made["person"])
    _spell(made["spell"])
    _village(made["village"])
    made["plan"].add(*_identity())
    made["household"].link(
        Relation("members", "家庭成员", "person", "household_key", "household_key"),
        Relation("spells", "务工记录", "spell", "household_key", "household_key"),
        Relation("plans", "务工计划", "plan", "household_key", "household_key"),
    )
    made["person"].link(
        Relation("spells", "务工记录", "spell", "person_key", "person_key"),
        Relation("plans", "务工计划", "plan", "person_key", "person_key"),
    )
    for key in ("person", "spell", "plan"):
        made[key].link(Relation("household", "本户", "household", "household_key", "household_key", many=False))
    for key in ("spell", "plan"):
        made[key].link(Relation("person", "本人", "person", "person_key", "person_key", many=False))


def _identity() -> tuple[RuleField, ...]:
    return (
        RuleField("birth_date", "出生日期（按证件号码）", "date"),
        RuleField("sex", "性别（按证件号码）", "choice", dict(Sex.choices)),
        RuleField("id_kind", "证件种类（按号码）", "choice", dict(IdKind.choices)),
        RuleField("age", "年龄", "integer", unit="周岁", needs=("birth_date",), sql=age_sql("{as_of}"), python=age),
        RuleField("job_phone_is_mobile", "电话是手机号", "boolean"),
    )


def _household(one) -> None:
    one.add(
        RuleField("monitored", "是监测对象", "boolean"),
        RuleField("phone_is_mobile", "户联系电话是手机号", "boolean"),
        RuleField("risks", "致贫/返贫风险", "labels", one.fields["risk_1"].choices, needs=RISKS, sql="array_remove(array[" + ", ".join(f"{{t}}.{name}" for name in RISKS) + "], null)", python=risks),
        RuleField("identified_month", "识别监测的月份", "integer", needs=("risk_identified_on",), sql="extract(month from {t}.risk_identified_on)::integer", python=lambda values, day: values["risk_identified_on"].month if values.get("risk_identified_on") else None),
        RuleField("removal_months", "识别到消除的月数（按月份）", "integer", needs=("risk_identified_on", "risk_removed_on"), sql="(" + " - ".join(f"(extract(year from {{t}}.{name}) * 12 + extract(month from {{t}}.{name}))" for name in ("risk_removed_on", "risk_identified_on")) + ")::integer", python=months_to_removal),
        RuleField("last_visit_on", "上次入户", "date"),
        RuleField("next_visit_on", "应走访日", "date"),
        RuleField("helpers", "帮扶责任人数", "integer"),
        RuleField("people", "在户成员数", "integer"),
        RuleField("helper_is_beneficiary", "帮扶责任人同时是帮扶对象", "boolean"),
        RuleField("income_last_year", "上年核定人均纯收入", "decimal", unit="元"),
        RuleField("income_fallen", "人均纯收入比上年下降", "decimal", unit="%", needs=("income_last_year", "income_per_head"), sql="(case when {t}.income_last_year > 0 then 100 * ({t}.income_last_year - {t}.income_per_head) / {t}.income_last_year end)", python=percent_fallen),
        RuleField("spending_share", "合规自付支出占家庭纯收入", "decimal", unit="%", needs=("qualified_spending", "net_income"), sql="(case when {t}.qualified_spending > 0 then case when {t}.net_income > 0 then 100 * {t}.qualified_spending / {t}.net_income when {t}.net_income <= 0 then 100 end end)", python=percent_spent),
        RuleField("business_cost", "生产经营性支出", "decimal", unit="元"),
        RuleField("net_income", "家庭纯收入", "decimal", unit="元"),
        RuleField("medical_spending", "本年医疗自付", "decimal", unit="元"),
        RuleField("education_spending", "本学年教育自付", "decimal", unit="元"),
        RuleField("housing_failed", "住房安全核查不达标", "boolean"),
        RuleField("water_failed", "饮水安全核查不达标", "boolean"),
        RuleField("disaster_reported_on", "部门推送突发灾害", "date"),
        RuleField("accident_reported_on", "部门推送意外事故", "date"),
        RuleField("livelihood_petition_on", "民生诉求受理", "date"),
        RuleField("open_lead_since", "未办结疑点登记日", "date"),
    )  # fmt: skip


def _person(one) -> None:
    one.add(
        *_identity(),
        RuleField("person_phone_is_mobile", "本人电话是手机号", "boolean"),
        RuleField("sexes", "性别（证号的与所填的）", "labels", dict(Sex.choices), needs=("sex",), optional=("stated_sex",), sql="array_remove(array[{t}.sex, nullif({stated_sex}, {t}.sex)], null)", python=kept("sex", "stated_sex")),
        RuleField("document_kind", "证件种类（所填的，未填按号码）", "choice", dict(IdKind.choices), needs=("id_kind",), optional=("stated_id_kind",), sql="coalesce({stated_id_kind}, {t}.id_kind)", python=document),
        RuleField("works_by_roster", "名单上有务工所在地或务工月数", "boolean", optional=("work_place", "work_months"), sql="({work_place} is not null or coalesce({work_months}, 0) > 0)", python=works_by_roster),
        RuleField("disability_category", "残疾类别（证号第 19 位）", "integer"),
        RuleField("disability_level", "残疾等级（证号第 20 位）", "integer"),
        RuleField("same_id", "证件号码前 18 位相同的行数", "integer"),
        RuleField("same_id_names", "同一证件号码的姓名数", "integer"),
        RuleField("same_id_households", "同一证件号码所在的户数", "integer"),
        RuleField("copy_of", "与此行相同的前一行", "hidden"),
        RuleField("is_copy", "整行与前面一行相同", "boolean", needs=("copy_of",), sql="({t}.copy_of is not null)", python=lambda values, day: values.get("copy_of") is not None),
        RuleField("same_id_towns", "同一证件号码所在的镇街数", "integer"),
        RuleField("public_posts", "公益性岗位个数", "integer", needs=("public_post",), sql="coalesce(cardinality({t}.public_post), 0)", python=lambda values, day: len(values.get("public_post") or ())),
        RuleField("school_state_last_year", "上年在校生状况", "choice", one.fields["school_state"].choices),
        RuleField("school_state_two_years_ago", "前年在校生状况", "choice", one.fields["school_state"].choices),
        RuleField("willing_since", "有务工意愿而未就业起", "date"),
    )  # fmt: skip


def _village(one) -> None:
    one.add(RuleField("same_village", "同一行政村（同一年度）的行数", "integer"))


def _spell(one) -> None:
    one.add(
        *_identity(),
        RuleField("previous_ended_on", "上一段务工结束时间", "date"),
        RuleField("household_identified_on", "本户识别监测时间", "date"),
        RuleField("in_county", "在本县务工", "boolean"),
        RuleField("phone_households", "用同一电话的户数", "integer"),
        RuleField("phone_counties", "本户用同一电话的务工县数", "integer"),
        RuleField("age_at_start", "开始务工时年龄", "integer", unit="周岁", needs=("birth_date", "job_started_on"), sql=age_sql("{t}.job_started_on"), python=lambda values, day: age(values, values.get("job_started_on"))),
    )  # fmt: skip


register()
