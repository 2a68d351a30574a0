"""An export in an official layout reads back as what it was written from."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiyang.intake.layouts import export_columns, layouts
from jiyang.intake.values import reader_for

COLUMNS = {(key, column.field.name): column for key, layout in layouts().items() for column in export_columns(layout)}
VALUES = {
    # no stored text begins with an apostrophe: reading takes it for the spreadsheet's mark of text
    "text": st.text("东头路北=+-@'村1aA", max_size=12).map(lambda text: text.strip().lstrip("'")),
    # a dot alone is no name
    "name": st.text("王李张伟芳娜䶮𠮷·", max_size=4).filter(lambda text: not text or text.strip("·")),
    "number_text": st.text("0123456789", max_size=20).filter(lambda text: not text or text.strip("0")),
    "yes_no": st.booleans(),
    "count": st.integers(0, 9_999_999),
    "year": st.integers(1900, 2100),
    "money": st.decimals(-9_999_999, 9_999_999, places=2),
    "decimal": st.decimals(0, 9_999, places=2),
    "day": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
    "birth": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
    "month": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(lambda day: day.replace(day=1)),
    "phone": st.from_regex(r"1[3-9]\d{9}", fullmatch=True).filter(str.isascii),
    "id_number": st.just("37012519650523067X"),
    "county_place": st.sampled_from(["山东省济南市历城区", "北京市大兴区", "江苏省苏州市昆山市"]),
}


def stored(column, value) -> object:
    """The COPY text that stands for a register value."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, list):
        return "{" + ",".join(sorted(value, key=column.field.order.__getitem__)) + "}"
    return str(value)


@pytest.mark.parametrize("key", sorted(layouts()))
def test_headings_are_the_official_ones_in_their_order(key):
    assert [column.heading for column in export_columns(layouts()[key])] == [
        one.heading for one in layouts()[key].fields
    ]


@given(st.data())
def test_what_is_written_reads_back(data):
    column = COLUMNS[data.draw(st.sampled_from(sorted(COLUMNS)))]
    field = column.field
    if not field.is_value:
        return
    if field.codes and field.type == "choice":
        value = data.draw(st.sampled_from(field.codes.values))
    elif field.codes:
        value = data.draw(
            st.lists(st.sampled_from([one for one in field.codes.values if one != "healthy"]), min_size=1, unique=True)
        )
    elif field.allowed:
        value = data.draw(st.sampled_from(field.allowed))
    else:
        value = data.draw(VALUES[field.type])
    text = column.write(value)
    assert not text.startswith(("=", "+", "@")) and (not text.startswith("-") or text[1:].replace(".", "").isdigit())
    read = reader_for(field, dt.date(2200, 1, 1))(text)
    if value in ("", [], None):
        assert (text, read.stored) == ("", None)
    elif field.type != "id_number":
        assert read.stored == stored(column, value)
        assert read.code in {"", "income_negative", "rare_character", "emoji_text", "formula_text"}


def test_nothing_is_an_empty_cell():
    assert {column.write(value) for column in COLUMNS.values() for value in (None, "", [])} == {""}
