"""Readers of cells that hold numbers and identifiers, and the reader of each field. See `cells` for what they give."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from jiyang.identifiers import idcard, phone
from jiyang.intake import cells
from jiyang.intake.cells import (
    APOSTROPHES,
    BLANK,
    BLANKS,
    INVISIBLE,
    LOST_DIGITS,
    NAME_DOUBT,
    NO_NAMES,
    NOTHING,
    NULLS,
    PLAIN,
    PLAIN_NAME,
    SAME_AS_ABOVE,
    WIDE,
    Read,
    as_text,
    changed,
    has_lost_digits,
    holds_several,
    is_nothing,
    narrow,
    unusable,
)
from jiyang.intake.dates import EPOCH, USUAL, Ways, birth_cell, date_cell
from jiyang.intake.layouts import Field
from jiyang.intake.numerals import chinese_number
from jiyang.intake.prefectures import is_county

ID_NOISE = re.compile(
    r"^(?:身份证(?:号码?)?|ID|[\"“”#:])+|\((?:居民)?身份证(?:号码?)?\)$|[\"“”,.。;:、#]+$|(?<=\d)[-—](?=\d)",
    re.IGNORECASE,
)
ID_LETTERS = str.maketrans("ХхΧχ×Ⅹⅹ", "XXXXXXX")  # letters that look like the X of an ID number
ID_WITHIN = re.compile(r"(?<!\d)\d{17}[\dXx](?:\d\d(?:[Bb]\d)?)?(?![\dBb])")
REMARK_WITHIN = re.compile(r"[\u4e00-\u9fff]")
NO_ID = {"新生儿", "无身份证", "没有身份证", "无证件", "待上户", "未上户", "未落户", "待落户", "未办理", "未办证"}
PLACEHOLDER = re.compile(rf"^{idcard.NO_NUMBER}\d{{0,15}}[\dXx]?$")
SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d+$")
UNIT_WRITTEN = re.compile(
    r"(?<=\d)\s*(?:([千万]元?|元)整?\s*(?:/\s*([月年人户])\s*)?|(亩|公里|千米|km|米|平方米|平米|㎡|m2|m²))\s*$",
    re.IGNORECASE,
)
SIZES = {"元": 1, "千元": 1000, "万元": 10_000}
MEASURES = {"km": "公里", "千米": "公里", "平米": "平方米", "㎡": "平方米", "m2": "平方米", "m²": "平方米"}
THOUSANDS = re.compile(r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
MONEY_NOISE = re.compile(r"[\s元￥¥]")
COUNT_NOISE = "人口个月户处所名"  # not 年: a year of work is twelve months
YEAR_NOISE = re.compile(r"^(\s*(?:\d{4}|[零〇一二三四五六七八九]{4}))\s*年度?\s*$")
PHONE_NOISE, COUNTRY = re.compile(r"[-—().]"), re.compile(r"^(?:\+?86|0086)(?=1\d{10}$)")
NO_PHONES = {"无电话", "没有电话", "没电话", "没有", "不详", "空号", "同户主"}
PHONE_SEPARATORS = re.compile(r"[/\\,，、;；|\r\n]+|(?<=\d)\s*[或和及]\s*(?=\d)")
PHONES_APART = re.compile(rf"{PHONE_SEPARATORS.pattern}|\s+")  # where no number is written in groups
PHONE_NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|(?:0\d{2,3}-?)?[2-9]\d{6,7})(?!\d)")
REMARKED_PHONE = re.compile(r"^[^\d+]*(?:\+?86)?(1[3-9]\d{9})[^\d+]+$|^[^\d+]+(1[3-9]\d{9})$")  # 13800138000儿子
TEXTS = {"text", "name", "choice", "choices", "labels", "listed", "county_place"}
LONGEST_VALUE = 500  # characters of a cell of any other type
LONGEST_PHONE = 20  # characters that the register's form takes
NUMBER_LENGTHS = {16, 19}  # of 户编号 and 人编号
WHOLE_NUMBER = re.compile(r"^(\d{1,20})\.0+$")  # as programs write a number that has lost nothing
NO_FRACTION = re.compile(r"(?<=^\d{11})\.0+$")
PLAIN_AMOUNT = re.compile(r"(?:0|[1-9]\d{0,8})\.\d\d\Z", re.ASCII)
CENT = Decimal("0.01")
NO_PLAIN_NAMES = {*NOTHING, *NO_NAMES, *SAME_AS_ABOVE}
COUNTY = re.compile(r"([\u4e00-\u9fff]+?)(?:县|区|旗)")
NO_COUNTY = set("本外全各邻该同当市城郊在到老新")  # 县 or 区 behind one of them alone names none
BELOW_COUNTY = re.compile(r"(?:小|社|园|厂|校|景|山|库|牧|街)区")
PROVINCE = re.compile(r"^(?:中国)?(?:.{2,3}省|.{2,8}自治区|北京市?|天津市?|上海市?|重庆市?)")
CITY = re.compile(r"^([\u4e00-\u9fff]{2,8}?)市")
PREFECTURE = re.compile(r"^.{1,8}?(?:市|地区|盟|自治州)")
UNDIVIDED = re.compile(
    r"东莞市|中山市|儋州市|嘉峪关市|济源市|仙桃市|潜江市|天门市|石河子市|市辖区|晋城市城区|(?:阳泉|大同|长治)市[城郊矿]区|(?:铜陵|佳木斯)市郊区"
)  # no counties below, or none above
AREAS = {"县外省内", "省外"}  # 务工地 of a person (DOMAIN.md 1.6): no county, though one has the character
ABROAD = re.compile(
    r"境外|国外|香港|澳门|台湾|^(?:韩国|朝鲜|日本|越南|老挝|柬埔寨|缅甸|泰国|马来西亚|新加坡|印度尼西亚|印尼|菲律宾|文莱|印度|巴基斯坦|孟加拉国?|斯里兰卡"
    r"|尼泊尔|蒙古国|哈萨克斯坦|乌兹别克斯坦|俄罗斯|阿联酋|沙特(?:阿拉伯)?|卡塔尔|科威特|伊拉克|伊朗|以色列|土耳其|埃及|阿尔及利亚|尼日利亚|安哥拉|刚果|赞比亚"
    r"|肯尼亚|坦桑尼亚|埃塞俄比亚|南非|加纳|莫桑比克|德国|法国|英国|意大利|西班牙|葡萄牙|荷兰|波兰|美国|加拿大|墨西哥|巴西|阿根廷|智利|秘鲁|澳大利亚|新西兰)"
)


def number_cell(cell: object) -> Read:
    """户编号, 人编号: text of digits; a number cell of 16 digits is taken while it can have lost none of them."""
    if type(cell) is str and cell.isascii() and cell.isdigit() and len(cell) <= 20 and cell.strip("0"):
        return Read(cell)
    if failed := unusable(cell):
        return failed
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _long_number(int(cell)) if abs(cell) >= LOST_DIGITS else number_cell(as_text(cell))
    raw = as_text(cell)
    kept = narrow(raw).strip('"“”')
    if (whole := WHOLE_NUMBER.match(kept)) and int(whole[1]) >= LOST_DIGITS:
        return _long_number(int(whole[1]))
    kept = whole[1] if whole else kept
    if not kept:
        return BLANK
    if is_nothing(kept) or not kept.strip("0"):
        return Read(None, "placeholder", "")
    if SCIENTIFIC.match(kept):
        return Read(None, "number_as_number")
    return _digits(raw, kept)


def _long_number(number: int) -> Read:
    if number < 0:
        return Read(None, "number_bad")
    if has_lost_digits(number):
        return Read(None, "number_as_number")
    return Read(str(number), "number_exact", str(number))


def _digits(raw: str, kept: str) -> Read:
    if not (kept.isascii() and kept.isdigit() and len(kept) <= 20):
        return Read(None, "number_bad")
    groups = cells.half_width(raw).split()
    if len(groups) > 1 and not (_is_one(groups, kept) or _is_wrapped(raw, kept)):
        return Read(None, "values_several", None, "编号中间有空格或换行，像是两个编号")
    code = changed(raw, kept)
    return Read(kept, code, kept) if code else Read(kept)


def _is_one(groups: list[str], kept: str) -> bool:
    """Whether the groups of a number are those in which one of the usual length is written: even ones, the last may be shorter."""
    *full, last = (len(one.strip("\"“”'’‘`")) for one in groups)
    return len(kept) in NUMBER_LENGTHS and len(set(full)) == 1 and 3 <= full[0] <= 6 and last <= full[0]


def _is_wrapped(raw: str, kept: str) -> bool:
    """Whether a number of the usual length goes on in the next line of its cell."""
    return len(kept) in NUMBER_LENGTHS and not any(len(line.split()) > 1 for line in cells.half_width(raw).splitlines())


def id_cell(cell: object, as_of: dt.date) -> Read:
    """证件号码. A number cell is refused: Excel keeps 15 digits and a plausible wrong number would come out."""
    if failed := unusable(cell):
        return failed
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= LOST_DIGITS:
        return Read(None, "id_as_number")
    raw = as_text(cell)
    kept = narrow(raw)
    if not kept or is_nothing(kept) or kept in NO_ID:
        return BLANK
    if SCIENTIFIC.match(kept):
        return Read(None, "id_scientific_text")
    if PLACEHOLDER.match(kept):
        return Read(kept.upper(), "id_placeholder", kept.upper())
    bare = ID_NOISE.sub("", kept.translate(ID_LETTERS))
    checked = idcard.check(bare, as_of=as_of)
    if checked.problem:
        return _remarked_id(kept, as_of) or _refused_id(checked)
    if checked.upgraded:
        return Read(checked.number, "id_15_digits", checked.number)
    if checked.number == raw:
        return Read(raw)
    if bare != kept:
        return Read(checked.number, "number_format", checked.number)
    code = "id_lowercase_x" if kept.upper() != kept and raw == kept else changed(raw, kept)
    return Read(checked.number, code, checked.number)


def _remarked_id(kept: str, as_of: dt.date) -> Read | None:
    """A cell with a number and further text: one valid number with a remark is that number, of anything else the remark is told."""
    numbers = ID_WITHIN.findall(kept)
    if not numbers or not REMARK_WITHIN.search(kept):
        return None
    checked = idcard.check(numbers[0].upper(), as_of=as_of)
    rest = kept.replace(numbers[0], "", 1)
    if len(numbers) == 1 and not checked.problem and not any(map(str.isdigit, rest)):
        return Read(checked.number, "id_remark", checked.number)
    said = "这一格不止一个号码" if len(numbers) > 1 else "号码前后还有别的文字"
    return Read(None, "id_shape", None, f"{said}：{checked.message}" if checked.problem else said)


def _refused_id(checked: idcard.Checked) -> Read:
    year = checked.number[6:10]
    code = {
        "empty": "id_shape",  # 身份证, 。 and no number
        "length": "id_length_17",
        "placeholder": "id_shape",
        "shape": "id_shape",
        "future": "id_future_birth",
        "checksum": "id_checksum",
        "certificate": "certificate_invalid",
        "birthdate": "id_future_birth"
        if year.isdecimal() and int(year) < 1900 and idcard.birth_date(checked.number)
        else "id_bad_birthdate",
    }[checked.problem]
    lost = (
        "，末三位是 000，可能是 Excel 存成数值丢了末几位"
        if checked.number.endswith("000") and code == "id_checksum"
        else "，号码被打了星号，请导出不打码的名单"
        if "*" in checked.number
        else ""
    )
    said = "这一格里只有文字或符号，没有号码" if checked.problem == "empty" else checked.message
    return Read(None, code, None, said + lost)


def phone_cell(cell: object) -> Read:
    if type(cell) is str and len(cell) == 11 and cell.isascii() and cell.isdigit() and cell.strip("0"):
        return Read(cell)
    if failed := unusable(cell):
        return failed
    raw = as_text(cell)
    kept = narrow(raw)
    if not kept:
        return BLANK
    if is_nothing(kept) or not kept.strip("0") or kept in NO_PHONES:
        return Read(None, "placeholder", "")
    if SCIENTIFIC.match(kept):
        return Read(None, "phone_scientific")
    number = COUNTRY.sub("", PHONE_NOISE.sub("", NO_FRACTION.sub("", kept)))  # a number's text in a CSV ends in .0
    if not _is_phone(number):
        return _other_phone(raw, kept)
    code = changed(raw, kept) if number == kept else "phone_format"
    return Read(number, code, number) if code else Read(number)


def _is_phone(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) == 11


def _other_phone(raw: str, kept: str) -> Read:
    """Several numbers in one cell: the first mobile number counts, of others the first. Anything else is kept as written while it fits."""
    for separators in (PHONE_SEPARATORS, PHONES_APART):
        parts = [BLANKS.sub("", part) for part in separators.split(raw.translate(WIDE))]
        several = [COUNTRY.sub("", PHONE_NOISE.sub("", part)) for part in parts if part]
        first = next(filter(phone.is_mobile, several), None)
        if first and len(several) > 1:
            return Read(first, "phone_several", first)
    for text in (cells.half_width(raw), kept):  # 13800138000（王芳）、13900139000（李明）
        numbers = PHONE_NUMBERS.findall(text)
        if len(numbers) > 1:
            first = next(filter(phone.is_mobile, numbers), numbers[0])
            return Read(first, "phone_several", first)
    if found := REMARKED_PHONE.match(PHONE_NOISE.sub("", kept)):
        return Read(found[1] or found[2], "phone_remark", found[1] or found[2])
    return Read(kept, "phone_10_digits") if len(kept) <= LONGEST_PHONE else Read(None, "text_too_long")


def count_cell(cell: object) -> Read:
    """Whole numbers, also as Chinese numerals."""
    if failed := unusable(cell):
        return failed
    raw = as_text(cell)
    kept = narrow(raw)
    if not kept:
        return BLANK
    if is_nothing(kept):
        return Read(None, "placeholder", "")
    if holds_several(cells.half_width(raw)):
        return Read(None, "values_several")
    bare = kept.rstrip(COUNT_NOISE)
    bare = bare.replace(",", "") if THOUSANDS.match(bare) else bare
    bare = re.sub(r"\.0+$", "", bare)
    bare = "0" if bare == "-0" else bare
    if bare.isascii() and bare.isdigit() and len(bare) < 8:
        number = int(bare)
        code = changed(raw, kept) if kept == bare else "" if re.fullmatch(r"\d+\.0+", raw) else "number_format"
    else:
        number, code = chinese_number(bare), "chinese_number"
        if number is None:
            return Read(None, "number_not_count")
    return Read(str(number), code, str(number)) if code else Read(str(number))


def year_cell(cell: object) -> Read:
    if isinstance(cell, dt.date):
        return Read(str(cell.year), "date_serial_cell", str(cell.year))
    read = count_cell(YEAR_NOISE.sub(r"\1", cell) if isinstance(cell, str) else cell)
    return read if read.stored is None or 1900 <= int(read.stored) <= 2100 else Read(None, "date_unreadable")


def money_cell(cell: object, field: Field | None = None) -> Read:
    """Amounts and measures with two decimals; thousands separators and units go."""
    if failed := unusable(cell):
        return failed
    income = field is None or field.type == "money"
    stated = field.stated_unit if field else ""
    if type(cell) is float and 0 <= cell < 1e9 and not stated and (short := _two_decimals(repr(cell))):
        return Read(short)
    raw = as_text(cell)
    kept = cells.half_width(raw).lstrip(APOSTROPHES)
    written = UNIT_WRITTEN.search(kept)
    text = kept[: written.start()] if written else kept
    if holds_several(text):
        return Read(None, "values_several")
    kept = MONEY_NOISE.sub("", text)
    if not kept:
        return BLANK
    if is_nothing(kept):
        return Read(None, "placeholder", "")
    bad = Read(None, "income_not_number" if income else "number_not_decimal")
    bare = kept.replace(",", "") if THOUSANDS.match(kept) else kept
    amount = _decimal(bare, typed=not isinstance(cell, str))
    if amount is None:
        return bad._replace(note="变成了科学计数法，后几位可能已丢失" if SCIENTIFIC.match(kept) else "")
    factor, clash = _factor(written, field)
    if clash:
        return Read(None, bad.code, None, clash)
    if not amount.is_finite() or amount.adjusted() > 15 or abs(amount := amount * factor) >= Decimal("1e10"):
        return bad
    stored = str(amount.quantize(CENT, ROUND_HALF_UP))
    stored = "0.00" if stored == "-0.00" else stored
    if stored.startswith("-"):
        return Read(stored, "income_negative" if income else "number_negative")
    if factor != 1:
        return Read(stored, "unit_converted", stored)
    if not isinstance(cell, str) or raw == bare:
        return Read(stored)
    kept = bare
    narrowed = BLANKS.sub("", raw.translate(INVISIBLE).translate(WIDE).lstrip(APOSTROPHES))
    return Read(stored, changed(raw, kept) if narrowed == kept else "number_format", kept)


def _decimal(text: str, *, typed: bool) -> Decimal | None:
    """The number of a text; None for none, and for one as 1.2E+04 shows it: what it was before is lost unless it comes from a number cell."""
    if text.lower().endswith("e") or "_" in text or (SCIENTIFIC.match(text) and not typed):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _factor(written: re.Match | None, field: Field | None) -> tuple[Decimal, str]:
    """By what an amount is multiplied, by the units that its cell and its heading state; or how these clash."""
    own = field.unit if field else "元"
    stated = (field.stated_unit if field else "") or own
    if written and written[3]:
        said = MEASURES.get(written[3].lower(), written[3])
        if (said, own) == ("米", "公里"):
            return Decimal("0.001"), ""
        return Decimal(1), "" if said == own else f"这一列的单位是{own}，这一格写的是{written[3]}"
    said = f"{written[1].removesuffix('元')}元" if written else stated
    if SIZES.get(said, 0) < SIZES.get(stated, 0):
        return Decimal(1), f"列名的单位是{stated}，这一格写的是{said}"
    if written and written[2] in {"月", "年"} and (written[2] == "月") != (field is not None and "月" in field.heading):
        return Decimal(1), f"这一列不是按{written[2]}计的，这一格写的是每{written[2]}"
    if written and field and written[2] in {"人", "户"} and written[2] != field.owner:
        return Decimal(1), f"这一列是每{field.owner}的，这一格写的是每{written[2]}的"
    if said != own and not (said in SIZES and own in SIZES):
        return Decimal(1), f"这一列的单位是{own}，这一格写的是{said}"
    return (Decimal(1) if said == own else Decimal(SIZES[said]) / SIZES[own]), ""


def _two_decimals(text: str) -> str:
    """A short decimal filled up to two places; "" for one with more."""
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<2}" if len(part) <= 2 and part.isdigit() else ""


def county_place_cell(cell: object, field: Field) -> Read:
    """务工所在地, which must reach the county (5_01_005): 山东省济南市 alone does not say where."""
    read = cells.text_cell(cell, field)
    if read.stored is None or reaches_county(read.stored):
        return read
    return Read(read.stored, "job_place_too_coarse")


def reaches_county(place: str) -> bool:
    """Whether a place names a county, district or county-level city (昆山市 after its prefecture counts)."""
    if place in AREAS:
        return False
    if ABROAD.search(place):
        return True
    if UNDIVIDED.search(place):
        return True
    rest = PROVINCE.sub("", place, count=1)
    below = PREFECTURE.sub("", rest, count=1)
    city = CITY.match(rest)
    named = COUNTY.findall(BELOW_COUNTY.sub("", below))
    return bool(
        not NO_COUNTY.issuperset(named)
        or (below and below != rest and "市" in below.replace("市区", ""))
        or (city and is_county(city[1]))
    )


def plain_cells(field: Field, cells: Iterable[object], as_of: dt.date) -> set[str]:
    """Those of many cells that are stored as they are, told at a glance; all others go to the field's reader."""
    if field.type == "id_number":
        return idcard.sound(cells, as_of=as_of)
    if field.type in {"number_text", "phone"}:
        least, most = (11, 11) if field.type == "phone" else (1, 20)
        return {
            cell
            for cell in cells
            if type(cell) is str
            and cell.isascii()
            and cell.isdigit()
            and least <= len(cell) <= most
            and cell.strip("0")
        }
    if field.type in {"money", "decimal"}:
        if field.stated_unit:
            return set()
        return {cell for cell in cells if type(cell) is str and PLAIN_AMOUNT.match(cell)}
    if field.type == "name":
        whole = {cell for cell in cells if type(cell) is str and PLAIN_NAME.match(cell)} - NO_PLAIN_NAMES
        return {cell for cell in whole if not NAME_DOUBT.search(cell)}
    if field.type == "text":
        nothing = NULLS.union(SAME_AS_ABOVE, field.blank)
        return {cell for cell in cells if type(cell) is str and PLAIN.match(cell) and cell not in nothing}
    return set()


def reader_for(field: Field, as_of: dt.date, epoch: dt.date = EPOCH, ways: Ways = USUAL) -> Callable[[object], Read]:
    """The reader of a field's cells. `epoch` is the day from which the file counts days; `ways` how the column writes them."""
    by_type: dict[str, Callable[[object], Read]] = {
        "text": lambda cell: cells.text_cell(cell, field), "name": cells.name_cell, "number_text": number_cell, "phone": phone_cell,
        "yes_no": lambda cell: cells.yes_no_cell(cell, field), "count": count_cell, "year": year_cell, "id_number": lambda cell: id_cell(cell, as_of),
        "money": lambda cell: money_cell(cell, field), "decimal": lambda cell: money_cell(cell, field),
        "month": lambda cell: date_cell(cell, month=True, epoch=epoch, ways=ways),
        "day": lambda cell: date_cell(cell, month=False, epoch=epoch, ways=ways, open_end=field.begins != ""),
        "birth": lambda cell: birth_cell(cell, epoch, ways),
        "choice": lambda cell: cells.choice_cell(cell, field), "choices": lambda cell: cells.choices_cell(cell, field),
        "labels": lambda cell: cells.choices_cell(cell, field), "listed": lambda cell: cells.listed_cell(cell, field),
        "county_place": lambda cell: county_place_cell(cell, field),
    }  # fmt: skip
    read = by_type[field.type]
    return read if field.type in TEXTS else lambda cell: Read(None, "text_too_long") if _is_long(cell) else read(cell)


def _is_long(cell: object) -> bool:
    """Whether a text is too long for a number, a day or a sign: the patterns that look for one are not made for it."""
    return type(cell) is str and len(cell) > LONGEST_VALUE and len(cell.strip()) > LONGEST_VALUE
