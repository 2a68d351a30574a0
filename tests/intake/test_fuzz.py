"""Whatever bytes and cells come in, the reader answers or refuses: no other error, no waiting, nothing left behind."""

import datetime as dt
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiyang.intake.detect import detect
from jiyang.intake.gather import gather
from jiyang.intake.layouts import layouts
from jiyang.intake.normalise import normalise
from jiyang.intake.places import Place
from jiyang.intake.reader import Source, read
from jiyang.intake.refusals import FileRefused
from jiyang.intake.values import plain_cells, reader_for
from tests.intake.workbooks import csv_text, grid, people, rezipped, workbook

DATA = Path(__file__).parents[1] / "data" / "bad"
LAYOUTS = list(layouts().values())
FIELDS = {one.name: one for layout in LAYOUTS for one in layout.fields if one.is_value}
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["是", "√", "2021.5", "202113", "3.70125E+17", "37012519650230676x", "残疾,健康", "=1+1", "１２３", "\x00", "合计", "1e999", "NaN"]),
    st.text("0123456789.Xx年月日-/eE+ ,，", max_size=24),
)  # fmt: skip
NOISE = st.lists(
    st.sampled_from(
        [
            *"\"“”#:：.。;；,，、-—()（）'=*✓√%￥/年月日元人户个男女至无",
            "身份证",
            "身份证号码",
            "(身份证)",
            "ID",
            "公里",
            "万元",
            "\\N",
            "9999",
            "370125",
            "是",
            "未",
            " ",
            "\n",
            "\u200d",
        ]
    ),
    max_size=5,
).map("".join)  # what stands around values, and nothing of them
CELLS = st.one_of(
    TEXTS,
    NOISE,
    st.floats(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.none(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)
HEADINGS = st.sampled_from(
    [*sorted({one.heading for layout in LAYOUTS for one in layout.fields}), "", "合计", "不认识的列"]
)


class NoRegions:
    """Knows no place: what is tried here is everything before."""

    district = type("District", (), {"pk": 1, "name": "本区"})()

    def resolve(self, district, town, village, *, columns=()) -> Place:
        return Place(1, 2, 3)


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path: Path, monkeypatch):
    """No temporary file, and no waiting beyond what a small file may take."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # nobody else writes there
    began = time.monotonic()
    yield
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - began < 120


def whole(data: bytes, filename: str = "x.xlsx") -> None:
    """The whole way to normalised columns."""
    try:
        source = read(data, filename)
        header = detect(source, LAYOUTS)
        normalise(source, header, NoRegions(), as_of=dt.date(2025, 6, 30))
    except FileRefused as refused:
        assert str(refused)


@cache
def books() -> list[bytes]:
    good = workbook(("名单", grid(people(4))), ("二", grid(people(2))))
    names = ("good_biff.xls", "good_utf16.csv", "good_gbk.csv", "html_table.xls", "macro.xlsm")
    return [good, *((DATA / name).read_bytes()[:200_000] for name in names)]


tries = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(tries, max_examples=120)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<table>", b"\xff\xfe", b"\xef\xbb\xbf", b"a,b\n"]),
)  # fmt: skip
def test_any_bytes(data, start):
    whole(start + data)


@settings(tries, max_examples=150)
@given(
    st.integers(0, 5),
    st.integers(0, 1 << 30),
    st.binary(min_size=1, max_size=60),
    st.sampled_from(["over", "cut", "into"]),
)
def test_a_damaged_file(which, place, garbage, way):
    data = bytearray(books()[which])
    place %= len(data)
    if way == "over":
        data[place : place + len(garbage)] = garbage
    elif way == "cut":
        del data[place : place + len(garbage) * 50]
    else:
        data[place:place] = garbage
    whole(bytes(data))


@settings(tries, max_examples=60)
@given(
    st.integers(0, 1 << 30),
    st.text("<>/&\"'=:a1\n", min_size=1, max_size=12),
    st.sampled_from(["sheet1", "workbook.xml", "rels", "Content_Types", "styles", "sharedStrings"]),
)
def test_a_package_with_a_damaged_part(place, garbage, part):  # fmt: skip
    """Damage behind a sound checksum: the parts themselves are wrong."""

    def change(name: str, text: bytes) -> bytes:
        at = place % (len(text) + 1)
        return text[:at] + garbage.encode() + text[at:] if part in name else text

    whole(rezipped(books()[0], change))


@settings(tries, max_examples=120)
@given(
    st.lists(HEADINGS, min_size=5, max_size=14, unique=True),
    st.lists(st.lists(CELLS, max_size=14), max_size=8),
    st.integers(0, 3),
)
def test_any_grid(headings, rows, titles):
    table = [*([["标题"]] * titles), headings, *rows]
    source = Source(["表"], "test", lambda name: iter(table))
    try:
        header = detect(source, LAYOUTS)
        gathered = gather(source, header)
        assert {len(column) for column in gathered.columns.values()} <= {len(gathered.rows)}
        mapped = normalise(source, header, NoRegions(), as_of=dt.date(2025, 6, 30))
    except FileRefused:
        return
    assert {len(column) for column in mapped.columns.values()} <= {len(mapped.rows)}
    for finding in mapped.findings:
        assert finding.code and finding.message and finding.line in mapped.rows


@settings(tries, max_examples=60)
@given(st.lists(st.lists(TEXTS, min_size=1, max_size=12), max_size=12), st.sampled_from(",;\t"))
def test_any_text(rows, delimiter):
    whole(csv_text([*grid(people(1)), *rows], delimiter).encode("utf-8", "replace"), "x.csv")


@settings(tries, max_examples=250)
@given(st.sampled_from(sorted(FIELDS)), CELLS)
def test_any_cell(name, cell):
    read_cell = reader_for(FIELDS[name], dt.date(2025, 6, 30))(cell)
    assert read_cell.stored is None or isinstance(read_cell.stored, str)
    if read_cell.stored is not None and read_cell.code == "":
        again = reader_for(FIELDS[name], dt.date(2025, 6, 30))(cell)
        assert again == read_cell


@settings(tries, max_examples=120)
@given(NOISE)
def test_noise_alone_crashes_no_reader(cell):
    for field in FIELDS.values():
        reader_for(field, dt.date(2025, 6, 30))(cell)


@given(
    st.sampled_from(sorted(FIELDS)),
    st.lists(st.one_of(CELLS, st.from_regex(r"[0-9]{1,11}\.[0-9]{2}", fullmatch=True)), max_size=5),
)
def test_what_is_plain_at_a_glance_is_what_the_reader_would_store(name, cells):
    day = dt.date(2025, 6, 30)
    for cell in plain_cells(FIELDS[name], [cell for cell in cells if isinstance(cell, str)], day):
        read = reader_for(FIELDS[name], day)(cell)
        assert (read.stored, read.code) == (cell, "")
