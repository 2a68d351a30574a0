"""Rows among the data that are none: sums, signatures, page numbers, lines that group others (`headings`: those that come again)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jiyang.intake.cells import as_text, tidy
from jiyang.intake.header import Header

KEYS = ("household_no", "id_number", "name")  # what a row of people has; a row of villages has its village
SUMS = re.compile(
    r"^.{0,12}?(?:(?:合计|小计|总计|共计|累计|户均|人均|平均值?|汇总|计数|求和|最[大小]值|总[人户]数)[:：]?(?:[（(][^（）()]{1,6}[)）])?[:：]?|(?:合计|小计|总计|共计)[:：]?[\d.,]+(?:人|户|口|元|个?(?:行政)?村|个?镇街?)?"
    r"|(?i:(?:sub|grand)?[ -]?total|sum)[:：]?|=(?:SUM|SUBTOTAL|COUNTA?|AVERAGE)\(.*)$"
)
COUNTED = re.compile(
    r"^(?:共计?|合计|总计|本[户村页组]|(?:本[月年季])?(?:减少|增加|新增))?[:：]?(?:\d+户)?[,，、]?(?:\d+(?:人|户|口|名))$"
)
NUMBER = re.compile(r"^-?(?:\d{1,10}|\d{1,3}(?:,\d{3})+)(?:\.\d+)?$")
LONG_NUMBER = re.compile(r"\d{14}")
FOOTER = re.compile(
    r"^(?:填表|填报|制表|审核|复核|负责|单位|备注|说明|注|联系|日期|经办|统计|打印|导出|分管|主管|主要领导|领导签|此表|本表|以下空白"
    r"|[（(]?(?:盖章|公章|签章|签字|签名)|\d{1,2}[.、．]\s*[\u4e00-\u9fff])[^,，]{0,40}"
)
SIGNED = re.compile(
    r"(?:签字|签名|签章|盖章|公章|[(（]章|填表人?|制表人?|审核人?|负责人|经办人)[)）]?[:：]?$|^年\s*月\s*日$|年\s+月\s+日$"
    r"|(?:书记|主任|干部|领导|会计|文书|网格员|[队站所镇]长)[:：]$"
)
LEAD = re.compile(r"^[^:：]{1,12}[:：]")  # 注：, 填报单位（盖章）：
BARE_LABEL = re.compile(
    r"^[\u4e00-\u9fff（）()、/]{2,12}[:：]$"
    r"|^(?:(?:填[表报]|制[表单]|审核|复核|经办|统计|负责|联系|报送)(?:人|单位|电话|日期|时间)|(?:分管|主要)领导|日期|电话)$"
)  # 审核人：, 审核人
TITLE = re.compile(
    r"(?:名单|名册|花名册|台[账帐]|[情统汇明登信一公].{1,3}表)(?:[（(][^（）()]{1,12}[)）])?$"
    r"|[（(]续[)）]$|续表$|\d{4}年\d{1,2}月|\d{4}年度"
)  # what stands above a table, and again on each of its pages
CLOSING = re.compile(
    r"^以[上下][^,，]{3,30}$|^[\W_]*(?:以下(?:空白|无正文|为空|无内容)|此处空白|(?:本表|本页)?(?:完|结束|完毕))[\W_]*$|^(?:\d{4}|[〇○零一二三四五六七八九]{4})年[\d一二三四五六七八九十]{1,3}月(?:[\d一二三四五六七八九十]{1,3}[日号])?$"
    r"|^\d{4}([-./])\d{1,2}\1\d{1,2}$"
)  # what a table ends with, or the day on which it was made
LABELLED = re.compile(r"^[\u4e00-\u9fff（）()、/]{2,10}[:：]")  # 包村干部：
PAGE = re.compile(r"^第?\d{1,4}页(?:[,，/]?共\d{1,4}页)?$|^-\d{1,4}-$")
FEW = 4  # cells that a line about the table fills at most


@dataclass(frozen=True)
class Columns:
    """What a sheet's headings say: which columns are read, where a person's keys or a village stand, and which columns count the
    rows or tell of the file."""

    read: tuple[int, ...]
    named: dict[str, int]
    village: int | None  # of a sheet whose rows are villages
    counting: set[int]


class Line:
    """A row's texts, and what the rules ask of them."""

    def __init__(self, columns: Columns, row: list[Any]) -> None:
        self.columns, self.row = columns, row
        self.texts = {place: tidy(as_text(row[place])) for place in columns.read}
        self.filled = [place for place, text in self.texts.items() if text]
        self.found = [self.texts[place] for place in self.filled]

    @cached_property
    def bare(self) -> list[str]:
        """What is filled, without blanks."""
        return [re.sub(r"\s", "", text) for text in self.found]

    @cached_property
    def said(self) -> dict[str, str]:
        """The keys of a person, "" where the row says none."""
        return dict.fromkeys(KEYS, "") | {name: self.texts[place] for name, place in self.columns.named.items()}

    @cached_property
    def is_nobody(self) -> bool:
        """A row of people that names none."""
        return bool(self.columns.named) and not any(self.said.values())

    @cached_property
    def beside(self) -> list[str]:
        """What stands in columns that are not read, without blanks."""
        return [
            text
            for place, cell in enumerate(self.row)
            if place not in self.texts and (text := re.sub(r"\s", "", as_text(cell)))
        ]

    @cached_property
    def is_numbered(self) -> bool:
        return self.said["household_no"].isdigit() or bool(LONG_NUMBER.search(self.said["id_number"]))

    @cached_property
    def is_aside(self) -> bool:
        """Few cells, and no number of a household or a person among them."""
        return len(self.filled) <= FEW and not self.is_numbered


def _counts_alone(line: Line) -> bool:
    """Nothing but what counts the rows or tells of the file."""
    return not set(line.filled) - line.columns.counting and not any(map(SUMS.match, line.found))


def _is_numbered_only(line: Line) -> bool:
    return _counts_alone(line) and all(text.isdigit() for text in line.found)


def _is_page(line: Line) -> bool:
    return len(line.filled) <= 2 and all(map(PAGE.match, line.bare))


def _adds_up(line: Line) -> bool:
    """A sum, where dashes may stand for what it does not add up; its label may stand in a column that is not read."""
    said = {name: "" if _is_dash(text) else text for name, text in line.said.items()}
    if line.columns.named and not any(said.values()) and any(map(SUMS.match, line.beside)):
        return True
    return _is_sum([text for text in line.bare if not _is_dash(text)], **said)


def _is_dash(text: str) -> bool:
    """Whether a text is nothing but a mark for nothing: /, —, ×."""
    return text in {"x", "X"} or not any(map(str.isalnum, text))


def _is_title(line: Line) -> bool:
    """A table's title that comes again where its first column is that of the numbers or names."""
    if len(line.filled) != 1 or line.is_numbered:
        return False
    (text,) = line.bare
    in_number = line.said["household_no"] != "" or line.said["id_number"] != ""
    return bool(TITLE.search(text) or (in_number and re.search("[\u4e00-\u9fff]{4}", text)))


def _closes(line: Line) -> bool:
    """What a table ends with: 以下空白, a day, signatures."""
    if not (line.columns.named and line.is_aside):
        return False
    return all(CLOSING.match(bare) or SIGNED.search(text) for bare, text in zip(line.bare, line.found, strict=True))


def _explains_table(line: Line) -> bool:
    """填表说明, 备注: but a person may be called so. 注： may be followed by any number of cells."""
    lead = line.found[0]
    is_name = lead == line.said["name"] and not re.search("[:：]", lead)
    is_short = line.is_aside or (bool(LEAD.match(lead)) and not line.is_numbered)
    return is_short and bool(FOOTER.match(lead)) and not is_name


def _is_labelled(line: Line) -> bool:
    """包村干部：, where no name stands, or stands behind a label itself; or several labels, however long the line is."""
    if not line.columns.named or line.is_numbered:
        return False
    if sum(1 for text in line.bare if BARE_LABEL.match(text) or (LEAD.match(text) and FOOTER.match(text))) > 1:
        return True
    labelled = [place for place in line.filled if LABELLED.match(line.texts[place])]
    return line.is_aside and bool(labelled) and (not line.said["name"] or line.columns.named["name"] in labelled)


def _is_signed(line: Line) -> bool:
    """Who signs may stand below the names, behind what they sign as."""
    if line.is_nobody:
        return len(line.filled) <= FEW and any(map(SIGNED.search, line.found))
    first = line.filled[0]
    return (
        bool(line.said["name"])
        and line.is_aside
        and first != line.columns.named["name"]
        and bool(SIGNED.search(line.texts[first]))
    )


def _is_figures(line: Line) -> bool:
    """Numbers and nothing else, none of them a household's; a count may stand below the ID numbers."""
    named = line.said["household_no"] or line.said["name"]
    return bool(line.columns.named) and not named and all(map(NUMBER.match, line.found))


def _groups(line: Line) -> bool:
    is_no_village = line.columns.village is not None and not line.texts[line.columns.village]
    return (line.is_nobody or is_no_village) and len(line.filled) == 1


# why a row is no data, and how that is told; the first that holds counts
RULES: tuple[tuple[str, Callable[[Line], bool]], ...] = (
    ("空行", lambda line: not line.filled),
    ("空行", lambda line: all(map(_is_dash, line.found)) and not line.beside),
    ("只有序号的行", _is_numbered_only),
    ("表尾说明", _counts_alone),
    ("表尾说明", _is_page),
    ("合计行", _adds_up),
    ("表尾说明", _closes),
    ("表尾说明", _explains_table),
    ("表尾说明", _is_labelled),
    ("表尾说明", _is_signed),
    ("合计行", _is_figures),
    ("分组行", _groups),
    ("分组行", _is_title),
)


def doubts(part: Header) -> Callable[[list[Any]], str]:
    """Why a row without all of its keys is no data; "" when it is data all the same."""
    places = {one.name: place for place, one in part.columns.items()}
    named = {name: place for name, place in places.items() if name in KEYS}
    columns = Columns(
        read=tuple(part.columns),
        named=named,
        village=None if named else places.get("village"),
        counting={place for place, one in part.columns.items() if one.type == "ignored" or one.belongs_to == "file"},
    )

    def why(row: list[Any]) -> str:
        line = Line(columns, row)
        return next((told for told, holds in RULES if holds(line)), "")

    return why


def _is_sum(filled: list[str], household_no: str, id_number: str, name: str) -> bool:
    """Whether a row adds others up; a person whose remark ends in 合计 does not."""
    if LONG_NUMBER.search(id_number) or (LONG_NUMBER.search(household_no) and name and not SUMS.match(name)):
        return False
    counted = [text for text in filled if COUNTED.match(text) or SUMS.match(text)]
    if id_number and not (COUNTED.match(id_number) or SUMS.match(id_number) or NUMBER.match(id_number)):
        return False
    if any(map(SUMS.match, filled)):
        return True
    return bool(counted) and all(text in counted or NUMBER.match(text) for text in filled)
