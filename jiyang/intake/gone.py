"""Titles that say that the people below have left or died: such a sheet or section beside the list is named, never read as part of it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from jiyang.intake.cells import DIED, LEFT, as_text

WHY = "标题说是已死亡、减少或退出的人"
DOUBT = "提到死亡、减少或退出，不能肯定说的是已不在的人，仍按名单读取，请核对"
OLD_WHY = "名称说是作废、历史或备份的表"
OF_POVERTY = "".join(f"(?<!{who})" for who in ("贫困", "贫困户", "贫困人口", "脱贫", "脱贫户", "脱贫人口"))
DEAD = rf"(?:{DIED}|死者|火化|消亡)"
WORDS = (
    rf"(?:{LEFT}|死者|火化|消亡|减少(?!收入|支出|[前后]|的?贫困)|减员|核减|出国定居|判刑(?:收监)?|收监|其[他它]转出|转出(?=人[员口])|出嫁|外迁"
    rf"|失联|清退|剔除|除名|{OF_POVERTY}退出(?!的?(?:脱贫|贫困|享受|建档)))"
)  # the reasons of a decrease (DOMAIN.md 1.6), and what offices call it
OF_REGISTER = r"(?:已?脱贫(?:不稳定)?|贫困|(?:防返贫)?(?:动态)?监测|建档立卡|(?:不再)?享受政策|(?:边缘)?易(?:返贫)?致贫|突发严重困难|即时帮扶|低收入|农村|在册)"
OF_OTHERS = r"(?:低保|低边|特困(?:供养)?|五保|残疾|困难|参保|高龄|老年|独居)"  # other lists: who left one of these may live here
PEOPLE = r"(?:人员|人口|成员|对象|农户|户|女|老人|群众|居民|村民|[人者])?"
WHO = rf"(?:{WORDS}(?:[、,，/和及与或]?{WORDS})*的?{OF_REGISTER}*|{DEAD}的?(?:{OF_REGISTER}|{OF_OTHERS})+){PEOPLE}"
PLACE = r"[—–\-_~]+[一-龥]{1,8}(?:村|居|镇|街道|办|社区|委会|组|区|县)"
TITLE = re.compile(
    rf"{WHO}(?:(?:基本|详细|变[动更])?(?:名单|名册|花名册|明细|清单|台[账帐]|情况|统计|登记|信息))?表?(?:如下|附后|见[附下]表?)?续?表?(?:{PLACE})?"
    r"[\d_\-]*(?:第\d+页)?(?:[（(][^（）()]*[)）])?(?:[,，]?共(?:计?\d+[人户口名页])+)?(?:[,，]?不再[一-龥]{2,6})?[:：。.]?$"
    rf"|[（(]已?{WORDS}{PEOPLE}[)）]$"
)
NOT_SO = re.compile(
    r"不含|不包括|排除|扣除|除外|未|没有|无|防止|严防|^备注|较|比上|[同环]比|其中|疑似|拟|待(?!遇)|建议|申请"
    rf"|(?:新增|增加)(?!的?{DEAD})|[迁转嫁]入|出生|新生儿|在世|健在"  # a list of those who came or stayed as well
)
KIN = r"(?:户主|配偶|夫妻|丈夫|妻子?|父母?亲?|母亲?|双亲|子女|[儿独]子|女儿|老伴|[家亲]人|亲属|监护人|抚养人|赡养人|劳动?力|一方|牲畜|家畜)"
LOST = re.compile(
    rf"{KIN}(?:一方|双方|均|都|已|因病|意外)*{DEAD}"
    rf"|(?:家庭|人[口员]|成员)(?:自然)?{WORDS}的?农?户"
    r"|(?:收入|支出|岗位|[支力地田产款金资贴助偿额量值益栏债费积数工])(?:大幅|明显|骤|有所)?(?:减少|核减|减员|消亡)"
    r"|(?:低保|特困|五保|残疾[人证]?|[参医]保|保险|公益性?岗?位?|就业|待遇)(?:人员|人口|对象|户|者)?(?:已|自然|整户)*(?:减少|核减|减员|退出|清退|剔除|注销|除名)"
)  # what a household that is there lost: somebody, something, a place on another list
OLD = re.compile(r"(?:作废|历史|备份)(?:数据|名单|人员|记录|版本?)?表?[\d_\-.年月日]*(?:[（(][^（）()]*[)）])?$")
SECTION = re.compile(r"(?:名单|名册|明细|人员|人口|成员|农户|户|表)(?:[（(][^（）()]*[)）])?[:：]?$|[:：]$")
DOUBTED = re.compile(
    rf"{WORDS}.*(?:名单|名册|明细|台[账帐]|登记表|人员|人口|对象|农户|户|家庭)(?:[（(][^（）()]*[)）])?[:：]?$"
)
LONGEST = 40  # characters of a title
FEW = 2  # cells that a line with a title fills


def says(text: str) -> bool:
    """Whether a title, or a sheet's name, says that its people are no longer there."""
    bare = re.sub(r"\s", "", text)
    return len(bare) <= LONGEST and bool(TITLE.search(bare)) and not (NOT_SO.search(bare) or LOST.search(bare))


def title_of(row: Sequence[Any]) -> str:
    """The text of a line that holds no more than a title; "" for any other."""
    filled = [cell for cell in row if cell not in ("", None)]
    return as_text(filled[0]).strip() if 0 < len(filled) <= FEW else ""


def why_not(sheet: str, above: Iterable[Sequence[Any]] = ()) -> str:
    """Why the people of a sheet are not those of the list, as its name or a line above its headings says; "" for none."""
    if says(sheet) or any(says(title_of(row)) for row in above):
        return WHY
    return OLD_WHY if OLD.search(re.sub(r"\s", "", sheet)) else ""


def may_say(text: str) -> bool:
    """Whether a title speaks of people who are no longer there but may mean others: what a household lost, another list (`LOST`)."""
    bare = re.sub(r"\s", "", text)
    return len(bare) <= LONGEST and bool(DOUBTED.search(bare)) and not (says(text) or NOT_SO.search(bare))


def begins_another(title: str) -> bool:
    """Whether a line ends a section: it is the title of one whose people are there."""
    return bool(SECTION.search(re.sub(r"\s", "", title))) and not says(title)
