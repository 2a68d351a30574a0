"""Files in the layouts without a sample (B, F, G), made as offices make them: what is stored and found equals what was planted.

Each file has people of the sample roster, one way of being written (format, titles, headings, blocks, totals, sheets) and some
odd cells; the truth of every cell is known. Nothing may be stored otherwise, nothing be found elsewhere.
"""

import csv
import datetime as dt
import io
import random
from dataclasses import dataclass, field
from html import escape

import pytest
import xlsxwriter
import xlwt

from jiyang.intake import pipeline
from jiyang.intake.layouts import Field, Layout, label_key, layouts, plain
from tests.intake.workbooks import people

FILES = 18  # of each layout
HOME = ("district", "town", "village", "household_no")
TOLD_ELSEWHERE = {"household_above", "place_above", "place_alias"}
OF_PERSON = {"name": "姓名", "id_number": "证件号码", "relation": "与户主关系", "person_no": "人编号", "household_no": "户编号",
             "district": "县(市、区、旗)", "town": "乡(镇)", "village": "行政村", "ethnic": "民族", "stated_size": "人数"}  # fmt: skip

# what a cell may hold instead, by type of column: (cell, stored, code); {} is the sound text
ODD = {
    "yes_no": [("√", "t", "yes_no_sign"), ("×", "f", "yes_no_sign"), ("Y", "t", "yes_no_sign"), ("是\u200b", "t", "surrounding_spaces"), ("☑是 □否", "t", "yes_no_sign"),
               ("是/否", None, "yes_no_unknown"), ("不清楚", None, "yes_no_unknown"), ("—", None, "placeholder"), ("#N/A", None, "cell_error"), ("", None, "")],
    "count": [("３", "3", "fullwidth_digits"), ("十二", "12", "chinese_number"), ("3人", "3", "number_format"), ("半年", None, "number_not_count"), ("3-4", None, "number_not_count"),
              ("1E+2", None, "number_not_count"), ("同上", None, "same_as_above"), ("", None, "")],
    "year": [("2020年", "2020", ""), ("二〇二〇", "2020", "chinese_number"), ("20", None, "date_unreadable"), ("2020-2021", None, "number_not_count"), ("", None, "")],
    "decimal": [("1,205.5", "1205.50", "number_format"), ("８０", "80.00", "fullwidth_digits"), ("80-90", None, "number_not_decimal"), ("1.2E+03", None, "number_not_decimal"), ("约80", None, "number_not_decimal")],
    "text": [(" 东头\u200b", "东头", "surrounding_spaces"), ("=SUM(A1)", "=SUM(A1)", "formula_text"), ("/", None, "placeholder"), ("同上", None, "same_as_above"), ("#REF!", None, "cell_error"), ("0", "0", "")],
    "phone": [("138-0000-1111", "13800001111", "phone_format"), ("１３８００００１１１１", "13800001111", "fullwidth_digits"), ("1.38E+10", None, "phone_scientific"),
              ("13800001111、13900001111", "13800001111", "phone_several"), ("1380000111", "1380000111", "phone_10_digits"), ("13800001111.0", "13800001111", "phone_format"), ("", None, "")],
    "birth": [("1965.2.22", "1965-02-22", "date_format"), ("1965年2月22日", "1965-02-22", "date_format"), ("2/22/1965", "1965-02-22", "date_format"), ("2/3/1965", None, "date_ambiguous"),
              ("196502", None, "birth_without_day"), ("1965-02-30", None, "date_bad_day"), ("1965/2/22 0:00", "1965-02-22", "date_format")],
    "id_number": [("'{}", "{}", "surrounding_spaces"), ("{}\u200b", "{}", "surrounding_spaces"), ("3.70125E+17", None, "id_scientific_text"), ("{}0", None, "id_length_17")],
    "name": [("王　伟", "王伟", "inner_spaces"), ("王伟（户主）", "王伟", "name_remark"), ("王?", None, "name_broken"), ("同上", None, "same_as_above"), ("王□", None, "name_broken")],
    "number_text": [("\u200b{}", "{}", "surrounding_spaces"), ("3.77E+15", None, "number_as_number")],
    "listed": [("汉", "汉族", "label_alias"), ("汉 族", "汉族", "surrounding_spaces"), ("汗族", "汗族", "listed_unknown")],
    "choice": [("{}\u200b", "{}", "surrounding_spaces"), ("无此选项", None, "enum_unknown"), ("#N/A", None, "cell_error")],
    "labels": [("{}\u200b", "{}", "surrounding_spaces")],
    "choices": [("{}\u200b", "{}", "surrounding_spaces"), ("无此选项", None, "enum_unknown"), ("健康,残疾", None, "health_contradiction")],
}  # fmt: skip


@dataclass
class Planted:
    """`rows` are dicts of field name → cell, `stored` and `found` the truth of them; `ways` tell what is peculiar about the file."""

    layout: Layout
    rng: random.Random
    rows: list[dict] = field(default_factory=list)
    stored: list[dict] = field(default_factory=list)
    found: set[tuple[int, str, str]] = field(default_factory=set)
    ways: list[str] = field(default_factory=list)


def sound(one: Field, person: dict, home: dict, rng: random.Random) -> tuple[str, str | None]:
    """A sound cell of a column and what is stored of it."""
    shared = home if one.belongs_to == "household" else {}
    if one.name in shared:
        return shared[one.name]
    if one.name in OF_PERSON:
        text = person[OF_PERSON[one.name]]
        made = (text, one.labels[text] if one.codes else text)
    elif one.name == "stated_birth_date":
        day = person["证件号码"][6:14]
        made = (day, f"{day[:4]}-{day[4:6]}-{day[6:]}")
    elif one.name in {"head_name", "head_id_number"}:
        made = (home["head"][{"head_name": "姓名", "head_id_number": "证件号码"}[one.name]],) * 2
    elif one.type in {"choice", "labels", "choices"}:
        key, label = rng.choice(list(one.official.items()))
        made = (label, key if one.type == "choice" else f"{{{key}}}")
    elif one.type == "yes_no":
        made = rng.choice([("是", "t"), ("否", "f")])
    elif one.type in {"money", "decimal"}:
        made = ("120.50", "120.50")
    else:
        made = {"count": ("3", "3"), "year": ("2020", "2020"), "phone": ("13812345678",) * 2}.get(
            one.type, ("制造业",) * 2
        )
    if one.belongs_to == "household":
        home[one.name] = made
    return made


def planted(key: str, seed: int) -> Planted:
    layout, rng = layouts()[key], random.Random(f"{key} {seed}")
    made = Planted(layout, rng)
    everybody = people(500)
    numbers = list(dict.fromkeys(one["户编号"] for one in everybody))
    places = sorted({tuple(one[OF_PERSON[name]] for name in HOME[:3]) for one in everybody})
    start, at = rng.randrange(0, len(numbers) - 12), rng.randrange(len(places) - 12)
    for order, number in enumerate(numbers[start : start + rng.randint(4, 12)]):
        at += order == 0 or rng.random() < 0.3
        place = dict(zip(map(OF_PERSON.get, HOME[:3]), places[at], strict=True))
        members = [{**one, **place} for one in everybody if one["户编号"] == number]
        home: dict = {"head": next(one for one in members if one["与户主关系"] == "户主")}
        for person in [home["head"]] if layout.rows == "household" else members:
            cells = {one.name: sound(one, person, home, rng) for one in layout.fields}
            made.rows.append({name: cell for name, (cell, _) in cells.items()})
            made.stored.append({name: kept for name, (_, kept) in cells.items()})
    return made


def spoil(made: Planted) -> None:
    """Put odd cells into some rows, at most one each."""
    for index, row in enumerate(made.rows):
        if made.rng.random() < 0.5:
            continue
        one = made.rng.choice([one for one in made.layout.fields if one.is_value and one.type in ODD])
        if one.name in {"household_no", "relation"}:
            continue
        cell, stored, code = made.rng.choice(ODD[one.type])
        if cell == "" and one.belongs_to == "household":  # takes the household's
            continue
        text, kept = row[one.name], made.stored[index][one.name]
        if one.codes and stored == "{}":
            stored = kept
        code = "" if label_key(cell) in one.blank else code
        row[one.name] = cell.replace("{}", text)
        made.stored[index][one.name] = stored.replace("{}", text) if stored and not one.codes else stored
        if one.required and code in {"", "placeholder"}:
            code = one.required
        if code:
            made.found.add((index, one.name, code))
        made.ways.append(f"{index}:{one.name}={row[one.name]!r}")


# --- how a file is written -------------------------------------------------------------------------------------------------


def headings(made: Planted) -> list[tuple[str, Field | None]]:
    rng, found = made.rng, []
    for one in made.layout.fields:
        names = [name for name in one.aliases if (alike := made.layout.find(plain(name))) and alike.name == one.name]
        found.append((rng.choice(names) if names and rng.random() < 0.3 else one.heading, one))
    if rng.random() < 0.5:
        rng.shuffle(found)
        made.ways.append("shuffled")
    style = rng.choice(["{}", "{}", "★{}", "{}（必填）", "{}\n", "{n}.{}", " {} "])
    found = [(style.format(name, n=number), one) for number, (name, one) in enumerate(found, 1)]
    if rng.random() < 0.4:
        found.insert(rng.randrange(len(found)), ("包村干部", None))
        made.ways.append("unknown column")
    return found


def table(made: Planted, kind: str) -> tuple[list[list], list[tuple[int, int, int]], int]:
    """(lines with headings, merged runs as (first line, last line, column), number of lines up to the headings)."""
    rng, heads = made.rng, headings(made)
    titles = [["名单"], ["填报单位：某镇", "", "", "填报时间：2025年6月"], [], ["一式三份"], ["单位：户、人"]][
        : rng.randint(0, 5)
    ]
    lines: list[list] = [*titles, [name for name, _ in heads]]
    if rng.random() < 0.25:
        lines.append([str(number) for number in range(1, len(heads) + 1)])
        made.ways.append("counted columns")
    totals, repeats, once = rng.random() < 0.3, rng.random() < 0.2, rng.choice(["", "", "merged", "blank", "home"])
    if once == "merged" and kind in {"csv", "txt"}:
        once = "blank"
    made.ways += [one for one, on in (("totals", totals), ("heading again", repeats), (once, once)) if on]
    placed = [one.name if one else "" for _, one in heads]
    runs: dict[tuple[int, int], int] = {}  # (first line, column) → last line of a merged cell
    began: dict[int, int] = {}
    before: dict | None = None
    for index, row in enumerate(made.rows):
        between = _between(made, placed, index, totals, [name for name, _ in heads] if repeats else [])
        lines += between
        line = [("张三" if one is None else row[one.name]) for _, one in heads]
        for at in _standing_once(made, once, placed):
            if before is None or between or not _same(row, before, placed[at], once):
                began[at] = len(lines)
                continue
            line[at] = ""
            if once == "merged":
                runs[began[at], at] = len(lines)
        lines.append(line)
        before = row
    if rng.random() < 0.4:
        lines += [["合计", *("" for _ in heads[2:]), "60"], ["填表人：张三", "", "审核人：李四"]]
        made.ways.append("footer")
    return lines, [(first, last, at) for (first, at), last in runs.items()], len(titles) + 1


def _between(made: Planted, placed: list[str], index: int, totals: bool, heading: list[str]) -> list[list[str]]:
    """Lines before a row that are no data: a subtotal where a village ends, the headings again in the middle."""
    found = []
    if totals and index and any(made.rows[index][name] != made.rows[index - 1][name] for name in ("town", "village")):
        found.append(["小计" if name == "village" else "3" if name == "stated_size" else "" for name in placed])
    return found + ([heading] if heading and index == len(made.rows) // 2 else [])


def _standing_once(made: Planted, once: str, placed: list[str]) -> list[int]:
    """Columns that are written on the first row of a block only."""
    names = {"": (), "home": ("household_no",)}.get(once, HOME)
    people_alone = {"household_no"} if made.layout.rows != "person" else set()
    return [placed.index(name) for name in names if name in placed and name not in people_alone]


def _same(row: dict, before: dict, name: str, once: str) -> bool:
    """Whether a row is of the same block as the one before."""
    return all(row[one] == before[one] for one in HOME[: HOME.index(name) + 1]) and (
        once != "home" or row["relation"] != "户主"
    )


def written(made: Planted, kind: str) -> tuple[bytes, str]:
    lines, runs, top = table(made, kind)
    if kind in {"csv", "txt"}:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter="\t" if kind == "txt" else ",").writerows(lines)
        return out.getvalue().encode(made.rng.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"])), f"名单.{kind}"
    if kind == "xlsx":
        return _xlsx(made, lines, runs, top), "名单.xlsx"
    if kind == "xls":
        return _xls(lines, runs), "名单.xls"
    return (_html if kind == "html" else _xml)(lines, runs).encode("utf-8"), "名单.xls"


def _xlsx(made: Planted, lines, runs, top) -> bytes:
    out, parts = io.BytesIO(), [lines]
    way = made.rng.choice(["one", "one", "second", "split", "bare"]) if not runs and len(lines) > top + 6 else "one"
    made.ways.append(f"sheets: {way}")
    middle = (top + len(lines)) // 2
    while way in {"split", "bare"} and middle < len(lines) and not _whole(made, lines, middle):
        middle += 1
    if way in {"split", "bare"} and middle < len(lines) - 8:
        parts = [lines[:middle], [*(lines[:top] if way == "split" else []), *lines[middle:]]]
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        if way == "second":
            book.add_worksheet("说明").write(0, 0, "请按镇街填报")
        for number, part in enumerate(parts, 1):
            sheet = book.add_worksheet(f"名单{number}")
            for row, line in enumerate(part):
                for place, cell in enumerate(line):
                    if cell != "":
                        sheet.write_string(row, place, cell)
            for first, last, place in runs:
                sheet.merge_range(first, place, last, place, lines[first][place])
            sheet.set_row(top, options={"hidden": True})
            sheet.set_column(3, 5, options={"hidden": True})
    return out.getvalue()


def _whole(made: Planted, lines: list[list], at: int) -> bool:
    """Whether a line is a row that says itself where it belongs, at which a sheet may begin."""
    texts = {cell for cell in lines[at] if cell}
    return any({row[name] for name in HOME if name in row} <= texts for row in made.rows)


def _xls(lines, runs) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    starts = {(first, place): last for first, last, place in runs}
    for row, line in enumerate(lines):
        for place, cell in enumerate(line):
            if (row, place) in starts:
                sheet.write_merge(row, starts[row, place], place, place, cell)
            elif cell != "":
                sheet.write(row, place, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _covered(runs) -> dict[tuple[int, int], int]:
    """(line, column) → lines that a merged cell covers from there; 0 for a covered one."""
    found = {(first, place): last - first + 1 for first, last, place in runs}
    return found | {(row, place): 0 for first, last, place in runs for row in range(first + 1, last + 1)}


def _html(lines, runs) -> str:
    covered = _covered(runs)
    body = "".join(
        "<tr>" + "".join(
            f"<td rowspan={covered.get((row, place), 1)}>{escape(cell)}</td>"
            for place, cell in enumerate(line) if covered.get((row, place), 1)
        ) + "</tr>"
        for row, line in enumerate(lines)
    )  # fmt: skip
    return f"<html><table>{body}</table></html>"


def _xml(lines, runs) -> str:
    covered = _covered(runs)
    body = "".join(
        "<Row>" + "".join(
            f'<Cell ss:Index="{place + 1}" ss:MergeDown="{covered.get((row, place), 1) - 1}"><Data ss:Type="String">{escape(cell)}</Data></Cell>'
            for place, cell in enumerate(line) if cell and covered.get((row, place), 1)
        ) + "</Row>"
        for row, line in enumerate(lines)
    ).replace("\n", "&#10;").replace("\t", "&#9;")  # fmt: skip
    return (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        f' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="名单"><Table>{body}</Table></Worksheet></Workbook>'
    )


# --- what is read ----------------------------------------------------------------------------------------------------------


KINDS = ("csv", "txt", "xlsx", "xls", "html", "xml")


@pytest.mark.parametrize("seed", range(FILES))
@pytest.mark.parametrize("key", ["roster_b", "roster_f", "roster_g"])
def test_a_planted_file_is_read_as_it_was_meant(index, key, seed):
    made, kind = planted(key, seed), KINDS[seed % len(KINDS)]
    spoil(made)
    data, name = written(made, kind)
    mapped = pipeline.load(data, name, layouts=list(layouts().values()), regions=index, as_of=dt.date(2025, 6, 30))
    assert mapped.header.layout.key == key, made.ways
    assert len(mapped.rows) == len(made.rows), (made.ways, mapped.skipped)
    names = [one.name for one in made.layout.fields if one.is_value]
    wrong = [
        (index, name, made.rows[index][name], made.stored[index][name], mapped.columns[name][index])
        for name in names
        for index in range(len(made.rows))
        if mapped.columns[name][index] != made.stored[index][name]
    ]
    assert not wrong, (kind, made.ways, wrong)
    places = [(index.names[one.town], index.official[one.village]) if one.village else one for one in mapped.places]
    odd = [
        (at, one, row["town"], row["village"])
        for at, (one, row) in enumerate(zip(places, made.rows, strict=True))
        if one != (row["town"], row["village"])
    ]
    if "blank" in made.ways:  # where nothing shows that blank means "as above", that it is blank is found
        odd = [one for one in odd if getattr(one[1], "code", "") not in {"town_empty", "village_unknown"}]
    assert not odd, (kind, made.ways, odd)
    line = {number: at for at, number in enumerate(mapped.rows)}
    found = {
        (line[one.line], one.field, one.code)
        for one in mapped.findings
        if one.code not in TOLD_ELSEWHERE and one.field not in HOME[:3]
    }
    assert found == made.found, (kind, made.ways, found ^ made.found)
