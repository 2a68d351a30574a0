"""What a column may be called together with the group above it: 户 below 联系电话 is 户联系电话, 开始 below 务工时间 is 务工开始时间.

A name that is put together otherwise than as group and own heading counts only where it is one that a layout knows to the letter.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from jiyang.intake.beside import ABOUT, REMARKS, names_somebody
from jiyang.intake.layouts import meanings, plain

NO_MORE = re.compile("^(?:土地|家庭|各[项类种]|主要)(?=.)|起止")  # of a group: what says no more than its columns do
WHOLE = {"起": "开始", "起始": "开始", "止": "结束", "终止": "结束", "截止": "结束"}
ORDINAL = re.compile(r"第?([一二三四五\d])[项个]?$")  # 第一项, 风险一
DIGITS = str.maketrans("一二三四五", "12345")
# by groups of what is done or is
ASKED = {"参保": "是否参加", "参加": "是否参加", "接受": "是否接受", "享受": "是否享受"}


@lru_cache(maxsize=4096)  # asked for by every layout
def together(group: str, own: str) -> tuple[str, ...]:
    """The names of a column with its own heading below a group, the plainest first; none without a group."""
    fronts = dict.fromkeys((group, ABOUT.sub("", group)))
    plainly = [f"{front}{own}" for front in fronts if front]
    said = set(map(plain, plainly))
    known = [name for name in _put_together(plain(group), plain(own)) if name not in said] if group else []
    return (*plainly, *dict.fromkeys(known))


def _put_together(group: str, own: str) -> Iterator[str]:
    """Known names in compared form; what stands in brackets behind the group stands behind them."""
    bare = REMARKS.sub("", group)
    remark, bare = group[len(bare) :], ABOUT.sub("", bare)
    own = ORDINAL.sub(lambda found: found[1].translate(DIGITS), WHOLE.get(own, own))
    for name in (*_within(bare, own), *_less(bare, own)):
        if name in meanings():
            yield f"{name}{remark}"


def _within(group: str, own: str) -> Iterator[str]:
    """The own heading at any place of the group, and what else says all that both say."""
    for at in range(len(group) + 1):
        yield f"{group[:at]}{own}{group[at:]}"
        rest = group[at:]
        if rest and own != rest and (own.startswith(rest) or own.endswith(rest)):
            yield f"{group[:at]}{own}"  # 总数, 户数: 总户数
    if own == "姓名" and names_somebody(group):
        yield group
    if group in ASKED:
        yield f"{ASKED[group]}{own}"


def _less(group: str, own: str) -> Iterator[str]:
    """The same with a group that says no more than it must."""
    if (less := NO_MORE.sub("", group)) not in ("", group):
        yield from _within(less, own)
