"""Titles that say that the people below have left or died: such a sheet or section beside the list is named, never read as part of it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from jiyang.intake.cells import LEFT, as_text

WHY = "标题说是已死亡、减少或退出的人"
OLD_WHY = "名称说是作废、历史或备份的表"
OF_POVERTY = "".join(f"(?<!{who})" for who in ("贫困", "贫困户", "贫困人口", "脱贫", "脱贫户", "脱贫人口"))
WORDS = (
    rf"(?:{LEFT}|(?<!收入)(?<!支出)减少(?!收入|支出|[前后])|出国定居|判刑(?:收监)?|收监|其[他它]转出|转出(?=人[员口])|失联|清退|剔除"
    rf"|{OF_POVERTY}退出)"
)  # the reasons of a decrease (DOMAIN.md 1.6), and what offices call it
PEOPLE = r"(?:人员|人口|成员|对象|农户|户|女)?"
TITLE = re.compile(
    rf"{WORDS}(?:[、,，/和及与或]?{WORDS})*的?{PEOPLE}(?:(?:基本|详细|变[动更])?(?:名单|名册|花名册|明细|清单|台[账帐]|情况|统计|登记|信息))?表?[\d_\-]*"
    r"(?:[（(][^（）()]*[)）])?(?:[,，]?共(?:计?\d+[人户口名])+)?(?:[,，]?不再[一-龥]{2,6})?[:：。]?$"
    rf"|[（(]已?{WORDS}{PEOPLE}[)）]$"
)
NOT_SO = re.compile(r"不含|不包括|排除|扣除|除外|未|没有|无|防止|严防|^备注|较|比上|[同环]比|其中|增加\d")
OLD = re.compile(r"(?:作废|历史|备份)(?:数据|名单|人员|记录|版本?)?表?[\d_\-.年月日]*(?:[（(][^（）()]*[)）])?$")
SECTION = re.compile(r"(?:名单|名册|明细|人员|人口|成员|农户|户|表)(?:[（(][^（）()]*[)）])?[:：]?$|[:：]$")
LONGEST = 40  # characters of a title
FEW = 2  # cells that a line with a title fills


def says(text: str) -> bool:
    """Whether a title, or a sheet's name, says that its people are no longer there."""
    bare = re.sub(r"\s", "", text)
    return len(bare) <= LONGEST and bool(TITLE.search(bare)) and not NOT_SO.search(bare)


def title_of(row: Sequence[Any]) -> str:
    """The text of a line that holds no more than a title; "" for any other."""
    filled = [cell for cell in row if cell not in ("", None)]
    return as_text(filled[0]).strip() if 0 < len(filled) <= FEW else ""


def why_not(sheet: str, above: Iterable[Sequence[Any]] = ()) -> str:
    """Why the people of a sheet are not those of the list, as its name or a line above its headings says; "" for none."""
    if says(sheet) or any(says(title_of(row)) for row in above):
        return WHY
    return OLD_WHY if OLD.search(re.sub(r"\s", "", sheet)) else ""


def begins_another(title: str) -> bool:
    """Whether a line ends a section: it is the title of one whose people are there."""
    return bool(SECTION.search(re.sub(r"\s", "", title))) and not says(title)
