"""What stands in brackets behind a heading: how to fill in, the options, a unit, or something that changes what the column means.

Headings are in their compared form (`layouts.plain`). Only what surely changes nothing is passed over; a unit must be the field's
own or one that its reader converts.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jiyang.intake.layouts import Field

MOST, LONGEST, MOST_PARTS = (
    3,
    200,
    6,
)  # brackets behind a heading, characters in one, parts that are looked at each by itself
AT_END = re.compile(r"^(.+)\(([^()]*)\)$")
INSIDE = re.compile(r"^([^()/]+)\(([^()]*)\)([^()/]+)$")  # 村(社区)名称
OR = re.compile(r"^([^()/或]+)[/或](.+)$")  # 身份证号码/残疾证号码
HARMLESS = re.compile(
    r"必填|选填|可?多选|单选|代码|\d+位|yyyymm(?:dd)?|yyyy[-./]mm(?:[-./]dd)?|年[/、.-]?月(?:[/、.-]?日)?|是[/、或]否|有[/、或]无"
    r"|(?:全国|国家|国办)?(?:防返贫)?(?:监测)?(?:信息)?系统[中里内]?|称谓",
    re.IGNORECASE,
)
FILLING = re.compile(r"填|选|打|划|画|勾|下拉|格式|文本|自动生成|准确|一致|真实")
OTHERS = re.compile(r"户主|配偶|监护|代|联系|曾用|别名")  # whose or what else a column may be
YEAR = re.compile(r"(?:^|(?<=[/、,;]))(20\d\d)年?度?(?:[/、,;]|$)|[/、,;](20\d\d)年?度?$")
NAMED_YEAR = re.compile(r"(?<!\d)(20\d\d)年?度?(?!\d|至|[-—~])")
UNIT = re.compile(
    r"(?:单位)?([百千万]?元|亩|公顷|公里|千米|km|平方米|平米|m2|米|里|个月|月数?|年|周|天|日|小时|人|口|个|户|处|所|岁)"
    r"((?:[/每·](?:人|口|户|村|年|季度?|月|周|天|日|小时|次)+)*)"
)
AGAIN = re.compile(r"人|口|户|村|年|季|月|周|天|日|小时|次")  # per what an amount is counted
MEASURES = {"km": "公里", "千米": "公里", "平米": "平方米", "m2": "平方米", "个月": "月", "月数": "月", "口": "人"}
SAID_UNIT = re.compile(r"^(?:单位)?([百千万]?元|亩|公顷|平方米)$|([百千万]元)$")  # of a group, without brackets
SHORT = {"万": "万元", "千": "千元"}
SPOKEN = re.compile(r"[百千万]元|元|亩|天|周|月|季|年|小时")  # units in a sentence that says how to fill in
SEPARATOR = re.compile(r"[/、,;|或]")
NEGATIVE = re.compile("[否未不没无非]")
EITHER = re.compile(r"填?写?是(?:[/、,或和])否|则?(?:不填|留空|空着)")
SAID_AS = re.compile(r"([^填打划画写,;、/]+)(?:填写?|打|划|画|写)([√✓✔是有1y对×✗x否无0n])")
ANSWER = re.compile(r"[√✓1y]?(?:是|有|能|会)[√✓1y]?|[×✗x0n]?(?:否|无|没有|不能|不会)[×✗x0n]?|√|×|1|0|y(?:es)?|no?")
PLACES = {"省", "市", "县", "区", "旗", "乡", "镇", "街", "办", "街道", "办事处", "村", "居", "社区", "自然村", "组"}
OF_TYPE = {
    "phone": {"手机", "手机号", "手机号码", "座机", "固话", "固定电话", "电话"},
    "id_number": {
        "身份证",
        "居民身份证",
        "身份证号",
        "残疾证",
        "残疾证号",
        "残疾证号码",
        "残疾人证",
        "残疾人证号",
        "户口簿",
    },
    **dict.fromkeys(("district", "town", "village", "county_place", "text"), PLACES),
}  # parts that only say what a field is anyway
COUNTED = {"money", "decimal", "count", "year"}


def parted(heading: str) -> Iterator[tuple[str, list[str]]]:
    """A heading without its last bracket, its last two …, and what stands in them."""
    said: list[str] = []
    for _ in range(MOST):
        if not (found := AT_END.match(heading)):
            return
        heading, said = found[1], [*said, found[2]]
        yield heading, said


def set_apart(heading: str) -> Iterator[tuple[str, list[str]]]:
    """A heading without the bracket inside it, or without what it may hold otherwise, and that."""
    if found := INSIDE.match(heading):
        yield found[1] + found[3], [found[2]]
    if found := OR.match(heading):
        yield found[1], [found[2]]


def objection(field: "Field", said: str) -> str:
    """Why a field's column cannot be read under what is said in brackets behind its heading; "" where it can."""
    if not said or HARMLESS.fullmatch(said) or (len(said) > 1 and said in field.heading):
        return ""
    if len(said) > LONGEST:
        return "括号里的文字太长"
    if _unit(field, said):
        return other_unit(field, said)
    parts = [part for part in SEPARATOR.split(said) if part]
    if _are_options(field, parts) or (FILLING.search(said) and not _is_turned(field, said)):
        return ""
    if 1 < len(parts) < MOST_PARTS and not any(objection(field, part) for part in parts):
        return ""
    return f"括号里的“{said}”可能改变这一列的含义"


def other_unit(field: "Field", said: str) -> str:
    """Why a column of numbers cannot be read in a unit; "" where it can, and for what is no unit."""
    unit = _unit(field, said)
    return f"单位是{said}，应是{field.own_unit}" if unit and not _is_own(field, *unit.groups()) else ""


def _unit(field: "Field", said: str) -> re.Match | None:
    return UNIT.fullmatch(said if field.type == "year" else YEAR.sub("", said)) if field.type in COUNTED else None


def states_unit(field: "Field", said: str) -> bool:
    """Whether what stands in brackets is the unit of a column of numbers."""
    return _unit(field, said) is not None


def unit_said(group: str) -> str:
    """The unit that a group of columns states, with all that stands in its bracket: 收入(万元), 万元, 收入(万); "" for none."""
    for _, said in parted(group):
        unit = SHORT.get(said[-1].removeprefix("单位"), said[-1])
        if UNIT.fullmatch(YEAR.sub("", unit)):
            return unit
    found = SAID_UNIT.search(group.strip("()"))
    return (found[1] or found[2]) if found else ""


def year_of(heading: str) -> int | None:
    """The year for which a heading or a group's name says that its column holds."""
    found = NAMED_YEAR.search(heading)
    return int(found[1]) if found else None


def year_beside_unit(field: "Field", heading: str) -> tuple[int, str] | None:
    """(year, all that is said) where a bracket behind a heading names the year of an amount beside its unit: 2019年/元."""
    for _, said in parted(heading):
        if (found := YEAR.search(said[-1])) and states_unit(field, said[-1]):
            return int(found[1] or found[2]), said[-1]
    return None


def _is_own(field: "Field", unit: str, per: str) -> bool:
    """Whether a unit, and per what it counts, are the field's own, or the unit one that its cells are converted from."""
    unit = MEASURES.get(unit, unit)
    if field.type == "money":
        return unit in {"元", "千元", "万元"} and {MEASURES.get(one, one) for one in AGAIN.findall(per)} <= field.per
    if field.type == "decimal":
        return unit == field.unit and per in ("", f"/{field.owner}")
    if field.type == "year":
        return unit == "年" and not per
    if field.in_months:
        return unit == "月" and not per
    return unit in {"人", "个", "户", "处", "所"} and per in ("", "/户")


def _are_options(field: "Field", parts: list[str]) -> bool:
    if field.type == "yes_no":
        return all(map(ANSWER.fullmatch, parts))
    if field.type == "listed":
        return any(part in field.allowed or f"{part}族" in field.allowed for part in parts)
    if field.codes:
        return len(parts) > 1 and any(part in field.labels for part in parts)
    return OF_TYPE.get(field.type, set()).issuperset(parts)


def _is_turned(field: "Field", said: str) -> bool:
    """Whether a sentence on how to fill in makes another thing of the column: 否填√, 按月填写 of an income of the year."""
    if OTHERS.search(said.replace("户主", "") if "户主" in field.heading else said):
        return True
    if field.type in COUNTED:
        return not set(SPOKEN.findall(said)) <= {*field.per, field.own_unit, field.unit}
    if field.type != "yes_no":
        return False
    said = EITHER.sub("", said)
    if any(bool(NEGATIVE.search(word)) != bool(sign in "×✗x否无0n") for word, sign in SAID_AS.findall(said)):
        return True
    return NEGATIVE.search(SAID_AS.sub("", said)) is not None
