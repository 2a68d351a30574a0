"""Columns behind one that names somebody else: 帮扶责任人, 联系电话 is the helper's number, not the household's.

Only headings that do not say whose they are can be meant, and only until a column comes that is surely the row's own.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping

from jiyang.intake.groups import carried, is_title
from jiyang.intake.layouts import NUMBERED, Field, Layout, meanings, plain

OTHERS = re.compile(
    r"帮扶|监护|联系人|责任人|干部|采集|包[村户保联片]|书记|网格|赡养|担保|消除|审核|填[表报]|经办|负责|走访|结对|驻村|主任|队长|组长|医生"
)  # blocks of columns about somebody else
WHO = re.compile(
    r"(?:人|员|干部|书记|主任|长|医生|单位|部门|姓名|名称)\d*$"
)  # the end of a heading that names somebody
BODY = re.compile(
    r"(?:人|员|长|主席|领导|干部?|会计|书记|主任|企业|公司|单位|部门|合作社|基地|姓名)\d*$"
)  # the end of a heading that no layout knows and that names a person or body
NUMBERS = r"联系(?:电话|方式|号码)|(?:固定)?电话(?:号码)?|手机(?:号码?)?"
PHONE = re.compile(rf"^(?:{NUMBERS})$")
QUESTION = re.compile("^(?:是否|有无)")
HEAD = re.compile("^户主(?:姓名)?$")
ANYBODYS = re.compile(
    rf"^(?:{NUMBERS}|政治面貌|(?:居民|公民)?身份证件?(?:号码?)?|公民身份号码"
    r"|证件(?:类型|号码?)|姓名|名字|性别|年龄|出生(?:日期|年月日?)|职[务称业]|(?:工作|所在)?单位(?:名称|及职务)?|部门)$"
)  # what does not say whose it is
ACCOUNTS = re.compile(r"一卡通|银行|账户|企业|公司|合作社")  # groups of columns about what is nobody of the household
ABOUT = re.compile(r"(?:基本)?(?:信息|情况|资料)$")  # what a group of columns is called besides whom it is about
REMARKS = re.compile(r"(?:\([^()]*\))+$")


def beside(names: Mapping[int, tuple[str, str]], layout: Layout) -> dict[int, str]:
    """Place → heading of somebody else behind which it stands. `names` gives group and own heading per column."""
    if not any(
        "户主" in own or OTHERS.search(f"{own}{group}") or ACCOUNTS.search(group) or BODY.search(own)
        for group, own in names.values()
    ):
        return {}  # most rows that are looked at are no headings, and most headings name nobody else
    keys = {place: REMARKS.sub("", NUMBERED.sub("", plain(own))) for place, (_, own) in names.items()}
    if not any(map(ANYBODYS.match, keys.values())):
        return {}
    fields = {place: layout.find(key) for place, key in keys.items()}
    times = Counter(one.name for one in fields.values() if one)
    order = {one.name: number for number, one in enumerate(layout.fields)}
    found: dict[int, str] = {}
    somebody, block, last, own_before = None, None, None, None
    for place, (group, own) in sorted(names.items()):
        if group != block or last != place - 1:
            somebody = group if _is_of_others(group) else None
        block, last = group, place
        key, one = keys[place], fields[place]
        if names_somebody(key) or (HEAD.match(key) and layout.rows not in ("household", "village")):
            somebody = own
        elif PHONE.match(key) and _is_unknown(keys.get(place - 1, ""), fields.get(place - 1)):
            # whoever 村会计 is, a bare number behind that column is theirs
            found[place] = somebody or names[place - 1][1]
        elif (
            one
            and key in layout.by_heading
            and own_before is not None
            and order.get(one.name) == own_before + 1
            and somebody != group
        ):
            somebody = None  # a column that was put between two of the official table
        elif somebody and ANYBODYS.match(key) and not _is_own(one, key, somebody, layout, times):
            found[place] = somebody
        elif not OTHERS.search(key) and somebody != group:  # within a group of theirs all is theirs
            somebody = None
        if one and place not in found:
            own_before = order.get(one.name)
    return found


def groups_of_others(texts: Mapping[int, str], places: Collection[int], ends: Mapping[int, int]) -> dict[int, str]:
    """Per column the group of somebody else in the line above a complete heading: `texts` of it, and where its merged cells end.

    What stands above the first column, or is written as a title or a label, is no group.
    """
    return {
        place: group
        for place, (first, group) in carried(texts, places, ends).items()
        if first > min(places) and _is_of_others(group) and not is_title(group)
    }


def _is_of_others(group: str) -> bool:
    """Whether a group of columns is about somebody else."""
    if not OTHERS.search(group) and not ACCOUNTS.search(group):
        return False
    bare = ABOUT.sub("", REMARKS.sub("", plain(group)))
    return names_somebody(bare) or ACCOUNTS.search(bare) is not None


def names_somebody(key: str) -> bool:
    """Whether a heading in compared form names somebody else."""
    return bool(OTHERS.search(key) and WHO.search(key)) and not QUESTION.match(key)


def _is_unknown(key: str, one: Field | None) -> bool:
    """Whether a heading names a person or body that no layout knows."""
    return one is None and key not in meanings() and bool(BODY.search(key)) and not QUESTION.match(key)


def _is_own(one: Field | None, key: str, somebody: str, layout: Layout, times: Mapping[str, int]) -> bool:
    """Whether a column is the row's own all the same: a household's number behind its head, or the only one of what the file must have.

    Where the layout has a column for the other person, too, its columns may stand in any order, a number by its own heading alone.
    """
    if one is None:
        return False
    if HEAD.match(plain(somebody)) and one.belongs_to == "household":
        return True
    known = layout.find(plain(somebody)) is not None and (one.type != "id_number" or key in layout.by_heading)
    return times[one.name] == 1 and (one.must_exist or known)
