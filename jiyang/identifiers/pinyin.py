"""Pinyin sort keys of names, with the surnames whose reading differs from the everyday one (STACK.md 3)."""

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

SURNAMES = {
    "曾": "zeng", "覃": "qin", "单": "shan", "仇": "qiu", "解": "xie", "区": "ou", "查": "zha", "任": "ren", "朴": "piao",
    "盖": "ge", "缪": "miao", "尉": "yu", "员": "yun", "种": "chong", "秘": "bi", "华": "hua", "纪": "ji", "乐": "yue",
    "翟": "zhai", "牟": "mu", "冼": "xian", "逄": "pang", "召": "shao", "黑": "he", "折": "she", "繁": "po", "万": "wan",
}  # fmt: skip
COMPOUND = {"尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun", "单于": "chanyu", "令狐": "linghu", "澹台": "tantai"}
KEPT = 120


@lru_cache(maxsize=30_000)
def _syllable(char: str) -> str:
    """Reading of one character by itself: given names are no phrases whose context would change it."""
    return lazy_pinyin(char, style=Style.NORMAL, errors="default")[0]


def sort_key(name: str) -> str:
    """Lower-case pinyin, syllables separated by blanks so that 安 sorts before 安继: at most 120 characters."""
    if name[:2] in COMPOUND:
        head, rest = COMPOUND[name[:2]], name[2:]
    else:
        head, rest = SURNAMES.get(name[:1], ""), name[1:]
    syllables = map(_syllable, rest if head else name)
    return " ".join([head, *syllables] if head else syllables)[:KEPT].strip()
