"""Readers of single cells: each takes a raw cell and gives (stored text or None, finding code or "", official form).

Stored text is what COPY takes: enum keys, ISO days, plain decimals, `t`/`f`. Pure functions, memoised by the caller.
Numbers, dates and identifiers are read in `values`.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from jiyang.intake.layouts import Field, label_key

WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x180E,
        0x200B,
        0x200C,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x2070),
        0x034F,
        0x061C,
        0x115F,
        0x1160,
        0x2800,
        0x3164,
        0xE5E5,  # a blank of Chinese web pages
        0xFFA0,
        0xFFFC,
        0x2060,
        0x2061,
        0x2062,
        0x2063,
        0x2064,
        0xFEFF,
    ]
)
# Characters that had no place in Unicode when GB18030 was made, and what they are since: U+E815… stand for the bytes FE50…
NOW_PLACED = dict(zip(
    (0xE816, 0xE817, 0xE818, 0xE81E, 0xE826, 0xE82B, 0xE82C, 0xE831, 0xE832, 0xE83B, 0xE843, 0xE854, 0xE855, 0xE864),
    "\U00020087\U00020089\U000200cc\u9fb4\u9fb5\u9fb6\u9fb7\U000215d7\u9fb8\U0002298f\u9fb9\u9fba\U000241fe\u9fbb", strict=True,
))  # fmt: skip
PRIVATE = {
    0xE815 + place: bytes([0xFE, byte]).decode("gb18030")
    for place, byte in enumerate([*range(0x50, 0x7F), *range(0x80, 0xA1)])
} | NOW_PLACED
JOINERS = re.compile("[\u200d\ufe00-\ufe0f]")  # part of coloured pictures, nothing elsewhere
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|_x00(?:[01][0-9A-Fa-f]|7[Ff])_")  # also as Excel escapes them
EDGES = " \u3000\xa0\t\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
BLANKS = re.compile(r"[\s\xa0\u3000]")
PARTED = re.compile(r"(?<=\d)[\s元￥¥]+(?=\d)")
THREES = re.compile(r"^\D*\d{1,3}(?:[^\S\r\n]\d{3})+(?:\.\d+)?\D*$")  # 12 000
APOSTROPHES = "'’‘`"  # in front of what is to stay a text
QUOTES = APOSTROPHES + '"“”'
LONGEST_CELL = 32_767  # characters that a spreadsheet keeps
SEPARATORS = re.compile(r"[,，、;；|\n\r]+")
WEAK_SEPARATORS = re.compile(r"(?:[-/.+~—·。&＆\\\s]|以及|[和与及])+")
# what answers any question; a word such as 已解决 answers only those that ask after it (`Field.answers`)
YES = {"是", "√", "✓", "✔", "☑", "✅", "有", "y", "yes", "1", "1.0", "true", "对", "对号", "v", "☒是", "■是"}
NO = {
    "否", "×", "✗", "✘", "✖", "❌", "╳", "☓", "无", "n", "no", "0", "0.0", "false", "没有", "x", "错", "不是", "不", "非", "□", "☐", "否×",
}  # fmt: skip
SIGN_ENDS = "。."  # a full stop after 是
LABEL_ENDS = "。.、,;/"
TICK = "√✓✔☑✅■☒"
WITHIN_BRACKETS = re.compile(r"^\(([^()]+)\)$")  # （√）
MOST_WORDS = 3  # of a field's own for 是, and for 否, that a message names
NUMBERED = re.compile(r"^[0-2][-.、](是|否)$")  # 1-是, 2-否
TICKED = re.compile(rf"^(是|否)[{TICK}]$|^[{TICK}](是|否)$")
BOXES = re.compile(rf"^([{TICK}□☐])是[/、]?([{TICK}□☐])否$|^是([{TICK}□☐])[/、]?否([{TICK}□☐])$")  # □是 ☑否
REMARK = re.compile(r"^([^()]+)\(([^()]*)\)$")
AGAINST_YES = re.compile("[否未不没无非停退拟待将曾假×]|计划")  # 是（未参加）: nobody knows what is meant
OF_WHAT_WAS_DONE = re.compile("已|(?<!不)[未没]")  # 是（已改造） of a dangerous house: what was done, not what is asked
AGAINST_NO = re.compile("(?<!不)是|(?<![没未])有|(?<![未没不])(?<!没有)参加|已(?:参|解决|硬化|通|消除|务工|享受)|[√✓✔]")
NOTHING = {
    "-",
    "--",
    "—",
    "——",
    "―",
    "－",
    "/",
    "\\",
    "无",
    "暂无",
    "空",
    "null",
    "none",
    "nan",
    "n/a",
    "\\n",  # \N of MySQL
    "至今",
    ".",
    "空白",
    "(空白)",
    "(空)",
}
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#GETTING_DATA", "#CALC!"}
SAME_AS_ABOVE = {"同上", "同前", "同左", "〃", "″", "〞", "〝", "”", "“", '"'}
NULLS = {"NULL", "Null", "null", "NaN", "nan", "None", "none"}  # what programs write for an empty cell
PLAIN = re.compile(r"[\u4e00-\u9fff0-9A-Za-z]+\Z")
PLAIN_NAME = re.compile(r"(?![妻户本配丈长次儿女父母])[\u4e00-\u9fff]{2,}\Z")  # 户主王芳 is looked at more closely
NO_NAMES = {
    "户主", "本人", "配偶", "姓名", "不详", "未知", "不知", "待查", "待定", "待补", "空户", "合计", "小计", "无名", "无名氏",
    "未取名", "未起名", "没取名", "没起名", "未命名", "待取名", "待起名", "婴儿", "新生儿", "男婴", "女婴", "小孩", "孩子",
    "长子", "次子", "三子", "四子", "长女", "次女", "三女", "四女", "之子", "之女", "之妻", "之母", "之父", "儿子", "女儿",
    "妻子", "丈夫", "父亲", "母亲", "爷爷", "奶奶", "孙子", "孙女", "儿媳", "女婿", "长孙女",
}  # fmt: skip
NAME_ENDS = "，,。.；;、:：·" + QUOTES  # what is no part of a name
SEVERAL_NAMES = re.compile(r"[、，,;；/|]")
COMPOUND = (
    "欧阳|司马|上官|诸葛|皇甫|尉迟|公孙|慕容|令狐|长孙|宇文|司徒|司空|东方|南宫|夏侯|轩辕|钟离|闻人|澹台|公冶|宗政|濮阳|淳于|单于"
    "|太叔|申屠|端木|呼延|百里|东郭|西门|独孤|赫连|万俟|拓跋"
)  # surnames of two characters
TWO_NAMES = re.compile(
    rf"^(?!(?:{COMPOUND})\s)[\u3400-\u9fff]{{2,3}}[\s\xa0]+(?:[\u3400-\u9fff]{{2,3}}|[男女])$"
)  # 男: a sex beside the name
ODD_IN_NAME = re.compile(r"^(?=.*[\u3400-\u9fff])(?=.*(?:[A-Za-z\-—–_+=@#$%^&!~`():\"“”'’‘]|··))")  # 王伟A
BRACKETS = str.maketrans("（【〔［[｛{〈《「『<＜）】〕］]｝}〉》」』>＞", "(" * 13 + ")" * 13)
DIED = "死亡|去世|病故|亡故|已故|过世|逝世|离世"
LEFT = f"{DIED}|销户|注销|迁出|嫁出|外嫁"  # what is said of who is no longer there (`gone`)
GONE = rf"(?:已经?)?(?:{LEFT})$"
NAME_REMARK = re.compile(rf"^([\u3400-\u9fff·]{{2,}})\([^()]*\)$|^([\u3400-\u9fff·]{{2,}}?){GONE}")
NAME_WRAPPED = re.compile(r"^\(([\u3400-\u9fff·]{2,})\)$")
NAMED_AS = r"户主|本人|姓名|配偶|妻子?|丈夫|夫|[长次三四]?[子女]|儿子|女儿|父亲?|母亲?|儿媳|女婿|孙[子女]"
NAME_LABELLED = re.compile(rf"^(?:(?:{NAMED_AS})[:：]|户主|本人)([\u3400-\u9fff·]{{2,}})$")  # 户主：王芳
NAME_DOUBT = re.compile(rf"某|{GONE}")  # what a name of Chinese characters alone does not have
NAMED_WHOSE = re.compile(r"(?:妻|配偶|丈夫|[长次][子女]|儿子|女儿|父亲|母亲|儿媳|女婿)(?=[\u3400-\u9fff]{2})")  # 妻王芳
CODED = re.compile(
    r"^(?:\(\d{1,2}\)|\d{1,2}[-.、|:)—]|\d\d)(?=\D)|\(\d{1,2}\)$"
)  # the number of a label in its code list
LOST_CHARACTER = re.compile(
    "[?？*＊□■○◯×\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]"
)  # what stands where a conversion lost a character, or hid it; or one that only one office's font shows
NUMBER_WITHIN = re.compile(r"\d{6}")
FORMULA = ("=", "+", "-", "@")
RARE = re.compile("[\u3400-\u4dbf\U00020000-\U000323af]")  # Chinese characters that old systems lose
INNER = re.compile(r"(?<=[\u3400-\u9fff\U00020000-\U000323af])\s+(?=[\u3400-\u9fff\U00020000-\U000323af])")
DOTS = re.compile(r"[•．∙⋅・‧・]|(?<=[\u4e00-\u9fff])[.．](?=[\u4e00-\u9fff])")


DEGREE = re.compile(r"(?<=^残疾)\((?:(?:视力|听力|言语|肢体|智力|精神|多重)?(?:残疾)?[一二三四1-4]?级?)\)$")
WIDE_DIGITS = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)}
AROUND_DOT = re.compile(rf"[{EDGES}]*·[{EDGES}]*")


class Read(NamedTuple):
    stored: str | None
    code: str = ""
    official: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Unvalued:
    """A formula whose result the file does not hold, or holds as an error, or broken text; `code` is the finding's."""

    code: str
    shown: str

    def __str__(self) -> str:
        return self.shown


BLANK = Read(None)
NO_RESULT = Unvalued("formula_no_value", "（公式，没有结果）")
OTHERWISE = Unvalued("shown_otherwise", "（显示的数字有一部分不在单元格里）")
DIGITS_LOST = Unvalued("number_as_number", "（原为数值，位数已丢失）")
BROKEN = "\ufffd"  # what stands for a byte that is no character
# as our own files say it, where they must not say what nobody wrote: refused again when such a file comes back
SAID = {one.shown: one.code for one in (NO_RESULT, OTHERWISE, DIGITS_LOST)} | {"（公式错误）": "cell_error"}
MERGED = "（合并单元格）"  # the same in front of what several people's merged cell holds
LOST_DIGITS = 1e15  # a spreadsheet keeps fifteen digits of a number that is typed
EXACT = 2**53  # up to which a number cell holds every whole number


def unvalued(what: str | Unvalued) -> Unvalued:
    """What stands in a cell without a usable value (`packages.Package`)."""
    if isinstance(what, Unvalued):
        return what
    known = {one.code: one for one in (NO_RESULT, OTHERWISE)}
    return known.get(what) or Unvalued("cell_error", "（公式错误）" if what == "cell_error" else what)


def has_lost_digits(cell: object) -> bool:
    """Whether a number cell is too long for a spreadsheet: what was typed is not what it holds.

    Spreadsheets turn the sixteenth digit of what is typed into 0; another digit there was written by a program and is exact.
    """
    if isinstance(cell, bool) or not isinstance(cell, float | int) or not LOST_DIGITS <= abs(cell) < float("inf"):
        return False
    return abs(cell) > EXACT or cell % 10 == 0


def all_texts(row: Iterable[object]) -> bool:
    """Whether all cells are texts. Joining them is the quickest way to ask: it fails at the first that is none."""
    try:
        "".join(row)
    except TypeError:
        return False
    return True


def as_text(cell: object) -> str:
    """A cell as its text: whole numbers without `.0`, days as ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)


def unusable(cell: object) -> Read | None:
    """A cell whose content is no value at all: a formula without a result or one that failed, broken text, 同上."""
    if isinstance(cell, Unvalued):
        return Read(None, cell.code)
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    code = "cell_error" if text in ERRORS else "same_as_above" if text in SAME_AS_ABOVE else SAID.get(text)
    code = "cell_merged" if text.startswith(MERGED) else code
    return Read(None, code) if code else None


def unreadable(cell: object) -> Read | None:
    """The same, and a text with bytes that stand for no character, as our own files give it back. A name's reader says so itself."""
    broken = isinstance(cell, str) and BROKEN in cell
    return unusable(cell) or (Read(None, "text_broken") if broken else None)


def tidy(text: str) -> str:
    """Without surrounding blanks, invisible characters, control characters and line breaks."""
    kept = (
        CONTROLS.sub("", text.translate(INVISIBLE)).replace("\r", "").replace("\n", "").replace("\t", " ").strip(EDGES)
    )
    return (
        JOINERS.sub("", kept) if kept and max(kept) <= "\uffff" else kept.removeprefix("\u200d").removesuffix("\u200d")
    )


def narrow(text: str) -> str:
    """`tidy` in half-width characters without any blank or leading apostrophe, for numbers and codes."""
    if text.isascii() and text.isalnum():
        return text
    kept = BLANKS.sub("", half_width(text))
    if kept.startswith('="') and kept.endswith('"'):  # how county tools keep the digits of a number
        kept = kept[2:-1]
    return kept.lstrip(APOSTROPHES).strip()


def half_width(text: str) -> str:
    """In half-width characters, without any that is invisible; blanks and line breaks stay."""
    return JOINERS.sub("", CONTROLS.sub("", text.translate(INVISIBLE).translate(WIDE)))


def holds_several(text: str) -> bool:
    """Whether what `half_width` gave holds two numbers: blanks between digits do not part one, but for groups of three."""
    return PARTED.search(text) is not None and not THREES.match(text)


def is_nothing(kept: str) -> bool:
    """Whether a cell that should hold a number, a date or an option says that there is none."""
    return kept.lower() in NOTHING


def changed(raw: str, kept: str) -> str:
    """The code that tells how `kept` came from `raw`; "" when they are the same."""
    if raw == kept:
        return ""
    edges = EDGES + "\r\n"
    return "fullwidth_digits" if raw.translate(WIDE).strip(edges) != raw.strip(edges) else "surrounding_spaces"


def text_cell(cell: object, field: Field | None = None) -> Read:
    raw = as_text(cell)
    if field is not None and (failed := unreadable(cell)):
        return failed
    kept = tidy(raw).translate(PRIVATE)
    if field is not None and field.name == "hamlet" and (digits := kept.translate(WIDE_DIGITS)) != kept:
        return Read(digits, "fullwidth_digits", digits)  # ２组 is 2组: one place, not two
    if not kept or (field is not None and label_key(kept) in field.blank):
        return BLANK
    if kept in NULLS or (is_nothing(kept) and not kept.isalnum()):
        return Read(None, "placeholder", "")
    if kept == raw and PLAIN.match(kept):
        return Read(kept)
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return Read(kept, "text_from_date", kept)
    if kept[0] == "'" and kept[1:2] in FORMULA:  # what our own export puts before such texts
        return Read(kept[1:])
    if kept[0] == "'" and len(kept) > 1 and kept.count("'") == 1:
        kept = kept[1:].strip(EDGES)
    return Read(kept, _text_code(raw, kept), kept) if _text_code(raw, kept) else Read(kept)


def _text_code(raw: str, kept: str) -> str:
    if kept != raw:
        return "surrounding_spaces" if raw.translate(PRIVATE) == raw else "private_character"
    if kept.startswith(FORMULA):
        return "formula_text"
    if RARE.search(kept):
        return "rare_character"
    return "emoji_text" if max(kept) > "\uffff" else ""


def name_cell(cell: object) -> Read:
    """A name: blanks that only widen it (王　伟) go, the middle dot of minority names is one character."""
    if failed := unusable(cell):
        return failed
    if isinstance(cell, float | int):
        return Read(None, "name_not_text")
    read = text_cell(cell)
    if read.stored is None:
        return read
    kept = AROUND_DOT.sub("·", DOTS.sub("·", INNER.sub("", read.stored)))
    if is_nothing(narrow(kept)):
        return Read(None, "placeholder", "")
    bracketed = BLANKS.sub("", kept.translate(BRACKETS))
    bare = bracketed.strip(NAME_ENDS)
    found, wrapped = NAME_REMARK.match(bracketed) or NAME_LABELLED.match(bare), NAME_WRAPPED.match(bracketed)
    name = next(filter(None, found.groups())) if found else wrapped[1] if wrapped else kept.strip(NAME_ENDS + EDGES)
    if broken := _no_name(name):
        return broken
    if found:
        return Read(name, "name_remark", name)
    written = half_width(as_text(cell)).strip()
    if wrapped or _is_odd(name) or TWO_NAMES.match(written):
        return Read(name, "name_odd", name)
    return read if name == read.stored and len(written.split()) == 1 else Read(name, "inner_spaces", name)


def _no_name(kept: str) -> Read | None:
    """Why a text is nobody's name."""
    if NUMBER_WITHIN.search(kept.translate(WIDE)):
        return Read(None, "name_not_text")
    if kept in NO_NAMES:
        return Read(None, "name_broken", None, f"“{kept}”不是姓名")
    if LOST_CHARACTER.search(kept) or not any(map(str.isalpha, kept)):
        return Read(None, "name_broken")
    said = "姓名里有数字" if any(map(str.isdigit, kept)) else "一格里不止一个姓名" if SEVERAL_NAMES.search(kept) else ""
    said = said or ("姓名里有“某”" if "某" in kept else "")
    return Read(None, "name_broken", None, said) if said else None


def _is_odd(name: str) -> bool:
    odd = ODD_IN_NAME.match(name.translate(WIDE).translate(BRACKETS))
    return bool(odd or NAME_DOUBT.search(name) or NAMED_WHOSE.match(name))


def yes_no_cell(cell: object, field: Field | None = None) -> Read:
    if failed := unusable(cell):
        return failed
    raw = as_text(cell)
    kept = narrow(raw)
    if field is not None and label_key(kept) in field.blank:
        return Read(None, "placeholder", "")
    if not kept or (is_nothing(kept) and kept != "无"):
        return BLANK if not kept else Read(None, "placeholder", "")
    answer = _answer(kept.rstrip(SIGN_ENDS).lower(), field.answers if field is not None else {})
    if not answer:
        return Read(None, "yes_no_unknown", None, _answers(field))
    official = "是" if answer == "t" else "否"
    if isinstance(cell, bool) or raw == official:
        return Read(answer)
    return Read(answer, changed(raw, kept) if kept == official else "yes_no_sign", official)


def _answer(sign: str, words: dict[str, bool]) -> str:
    """`t` or `f` of a sign, a ticked word or box, a word of the field's own, or one whose remark in brackets does not speak
    against it; "" of others.
    """
    if found := WITHIN_BRACKETS.match(sign.translate(BRACKETS)):
        sign = found[1]
    if sign in YES or sign in NO:
        return "t" if sign in YES else "f"
    if sign in words:
        return "t" if words[sign] else "f"
    if found := NUMBERED.match(sign):
        return "t" if found[1] == "是" else "f"
    if found := TICKED.match(sign):
        return _answer(found[1] or found[2], words)
    if found := BOXES.match(sign):
        yes, no = (mark in TICK for mark in found.groups() if mark)
        return "" if yes == no else "t" if yes else "f"
    if found := REMARK.match(sign):
        answer = _answer(found[1], words)
        if found[2] in words:
            return answer if words[found[2]] == (answer == "t") else ""
        against = AGAINST_YES if answer == "t" else AGAINST_NO
        unasked = answer == "t" and "已" not in words and OF_WHAT_WAS_DONE.search(found[2])
        return "" if unasked or against.search(found[2]) else answer
    return ""


def _answers(field: Field | None) -> str:
    """What may stand in the cells of a yes/no field, where words of its own may."""
    words = (
        {answer: [word for word, yes in field.answers.items() if yes == answer] for answer in (True, False)}
        if field
        else {}
    )
    if not any(words.values()):
        return ""
    return f"应为“是”或“否”，也可填{'、'.join(words[True][:MOST_WORDS])}（是），{'、'.join(words[False][:MOST_WORDS])}（否）"


def choice_cell(cell: object, field: Field) -> Read:
    if failed := unusable(cell):
        return failed
    raw = as_text(cell)
    kept = tidy(raw).strip(QUOTES)
    if not kept:
        return BLANK
    key = label_key(kept)
    value = labelled(raw, field)
    if value is None:
        if key in field.blank:
            return BLANK
        return Read(None, "placeholder", "") if is_nothing(key) else Read(None, "enum_unknown", None, _options(field))
    official = field.official[value]
    if raw == official:
        return Read(value)
    if key in field.doubtful:
        return Read(value, "label_doubtful", official, f"“{kept}”按“{official}”保存")
    return Read(value, "surrounding_spaces" if kept == official else "label_alias", official)


def labelled(text: str, field: Field) -> str | None:
    """The value of a label, also with a number of its list, a full stop, or in brackets what means the same (户主(本人))."""
    key, labels = label_key(tidy(text).strip(QUOTES)), field.labels
    bare = CODED.sub("", key)
    ways = (key, key.removeprefix("其中:"), f"之{key}", key.removeprefix("之"), bare, key.rstrip(LABEL_ENDS))
    value = next(filter(None, map(labels.get, ways)), None)
    if value is None and (found := REMARK.match(key)) and labels.get(found[1]) == labels.get(found[2]):
        return labels.get(found[1])
    return value


def _options(field: Field) -> str:
    """What may stand here, said in the message while it is short enough to read."""
    labels = list(field.official.values())
    return f"不在规定的选项中，可填：{'、'.join(labels)}" if len(labels) <= 8 else ""


def split_labels(text: str, known: Iterable[str]) -> list[str]:
    """The labels of one cell, with any separator; a blank, slash or 和 separates only where it parts known labels."""
    known, found = set(known), []
    for part in SEPARATORS.split(text):
        key = label_key(part)
        if not key:
            continue
        pieces = [label_key(piece) for piece in WEAK_SEPARATORS.split(part) if piece]
        found += pieces if key not in known and pieces and known.issuperset(pieces) else [key]
    return found


def choices_cell(cell: object, field: Field) -> Read:
    """Several labels in one cell, in any order and with any separator; stored in the order of the code list.

    A closed list (`choices`) refuses an unknown label; an open one (`labels`) keeps it as written and warns.
    """
    if failed := unreadable(cell):
        return failed
    raw = as_text(cell)
    kept = JOINERS.sub("", CONTROLS.sub("", raw.translate(INVISIBLE))).strip(EDGES + "\r\n" + APOSTROPHES)
    labels = [DEGREE.sub("", one) for one in split_labels(kept, field.labels) if one not in field.blank]
    if not labels:
        return BLANK
    values = list(dict.fromkeys(field.labels.get(label, label) for label in labels))
    unknown = [value for value in values if value not in field.order]
    if unknown and all(map(is_nothing, labels)):
        return Read(None, "placeholder", "")
    if unknown and field.type == "choices":
        return Read(None, "enum_unknown", None, _options(field))
    if "healthy" in values and len(values) > 1:
        return Read(None, "health_contradiction")
    last = len(field.order)
    ordered = sorted(values, key=lambda value: field.order.get(value, last))
    official = ",".join(field.official.get(value, value) for value in ordered)
    stored = "{" + ",".join(map(_element, ordered)) + "}"
    if unknown:
        return Read(stored, "label_unknown", official, f"“{'、'.join(unknown)}”不在已知的选项中，按原文保存")
    if official == raw:
        return Read(stored)
    if len(values) > 1:
        return Read(stored, "multi_separator", official)
    return Read(stored, changed(raw, kept) if kept == official else "label_alias", official)


def _element(value: str) -> str:
    if PLAIN.match(value) or value.replace("_", "").isalnum():
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed_cell(cell: object, field: Field) -> Read:
    """A text of a fixed list, stored as its official text; 汉 is 汉族. What is not on the list is kept with a warning."""
    if failed := unreadable(cell):
        return failed
    raw = as_text(cell)
    kept = BLANKS.sub("", tidy(raw)).lstrip(APOSTROPHES)
    if not kept:
        return BLANK
    if raw in field.allowed:
        return Read(raw)
    bare = CODED.sub("", label_key(kept)).rstrip(LABEL_ENDS)
    if kept.isascii() and kept.isdigit() and field.name == "ethnic" and 0 < int(kept) <= len(field.allowed):
        return Read(field.allowed[int(kept) - 1], "label_alias", field.allowed[int(kept) - 1])  # GB/T 3304 in its order
    near = [one for one in field.allowed if one in (kept, bare) or one.removesuffix("族") in (kept, bare)]
    if near:
        return Read(near[0], "surrounding_spaces" if near[0] == kept else "label_alias", near[0])
    return Read(None, "placeholder", "") if is_nothing(kept) else Read(kept, "listed_unknown", kept)
