"""Titles that say that the people below have left or died: such a sheet or section beside the list is named, never read as part of it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from jiyang.intake.cells import as_text

WHY = "标题说是已死亡、减少或退出的人"
WORDS = r"(?:死亡|去世|亡故|(?<!收入)(?<!支出)减少(?!收入|支出)|注销|销户|迁出|清退|(?<!贫困)(?<!贫困户)(?<!脱贫)退出)"
TITLE = re.compile(
    rf"{WORDS}(?:[、,，/和及与或]?{WORDS})*的?(?:\d+[人户])?(?:人员|人口|成员|对象|农户|户)?(?:[一-龥]{{0,2}}(?:名单|名册|花名册|明细|清单|台账|情况|统计|登记|信息))?表?"
    r"[\d_\-]*(?:[（(][^（）()]*[)）])?[:：]?$"
)
NOT_SO = re.compile(r"不含|不包括|排除|扣除|除外|未|没有|无|防止|严防")
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


def titled(sheet: str, above: Iterable[Sequence[Any]]) -> bool:
    """Whether a sheet's name or a line above its headings says it."""
    return says(sheet) or any(says(title_of(row)) for row in above)


def begins_another(title: str) -> bool:
    """Whether a line ends a section: it is the title of one whose people are there."""
    return bool(SECTION.search(re.sub(r"\s", "", title))) and not says(title)
