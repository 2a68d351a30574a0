"""Reading files: every bad one refused with one message, every peculiar one read; the planted faults exactly."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiyang.intake import cells, dates, pipeline, values
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts
from jiyang.intake.places import RegionIndex, village_key
from jiyang.intake.reader import FileRefused
from jiyang.regions.enums import Level
from jiyang.regions.models import Region, RegionName

DATA = Path(__file__).parents[1] / "data"
AS_OF = dt.date(2025, 6, 30)


def load(path: Path, index: RegionIndex, **options):
    return pipeline.load(
        path.read_bytes(), path.name, layouts=[layouts()["roster_a"]], regions=index, as_of=AS_OF, **options
    )


def test_a_person_may_correct_sheet_and_heading_row(index):
    mapped = load(DATA / "layouts" / "second_sheet.xlsx", index, choice=Choice(sheet="已脱贫人口名单", header_row=3))
    assert (mapped.header.row, len(mapped.rows)) == (2, 40)
    with pytest.raises(FileRefused) as refused:
        load(DATA / "layouts" / "second_sheet.xlsx", index, choice=Choice(sheet="已脱贫人口名单", header_row=9))
    assert refused.value.code == "layout_unknown"


@pytest.mark.parametrize(
    ("cell", "stored"),
    [("202104", "2021-04-01"), ("20210405", "2021-04-01"), ("2021.5", "2021-05-01"), ("2021年5月", "2021-05-01"), ("2021-05", "2021-05-01"),
     ("２０２１０５", "2021-05-01"), (44317.0, "2021-05-01"), (dt.date(2021, 5, 6), "2021-05-01"), ("2021/5/6", "2021-05-01")],
)  # fmt: skip
def test_months_in_every_form(cell, stored):
    read = dates.date_cell(cell, month=True)
    assert read.stored == stored
    assert read.official in {None, stored[:7].replace("-", "")}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("202113", "date_bad_month"),
        ("20210230", "date_bad_day"),
        ("去年", "date_unreadable"),
        ("2021", "date_unreadable"),
    ],
)
def test_months_that_are_none(cell, code):
    assert dates.date_cell(cell, month=True) == cells.Read(None, code)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("三", "3"),
        ("十二", "12"),
        ("二十", "20"),
        ("一千二百零五", "1205"),
        ("一万二千", "12000"),
        ("一千二", None),
        ("5人", "5"),
        (4.0, "4"),
        ("４", "4"),
        ("几个", None),
    ],
)
def test_counts(cell, number):
    assert values.count_cell(cell).stored == number


@given(st.decimals(min_value="-9999999", max_value="9999999", places=2))
def test_money_keeps_every_cent(amount):
    read_back = values.money_cell(f"{amount:,.2f}元")
    assert read_back.stored == f"{amount:.2f}"
    assert read_back.code == ("income_negative" if amount < 0 else "number_format")


def test_places_are_found_by_every_name_and_never_guessed(index, db):
    former = index.resolve("济阳县", "370115101", "")
    assert former.code == "village_unknown" and index.names[former.town] == "垛石街道"
    some = Region.objects.filter(level=Level.VILLAGE, town__name="仁风镇", name__endswith="村民委员会").first()
    short = some.name.removesuffix("村民委员会")
    for written in (some.name, f"{short}村", f"{short}村委会", f" {short} ", some.code, f"370125{some.code[6:]}"):
        assert index.resolve("济阳区", "仁风", written).village == some.pk, written
    assert index.resolve("商河县", "仁风镇", some.name).code == "town_outside_district"
    assert index.resolve("", "胡集镇", some.name).code == "town_outside_district"


def test_a_name_given_to_a_village_is_known_to_the_next_file(db):
    district = Region.objects.get(level=Level.DISTRICT)
    village = Region.objects.filter(level=Level.VILLAGE, town__name="仁风镇").first()
    assert RegionIndex.load(district).resolve("", "仁风镇", "新起的名").code == "village_unknown"
    spelled = RegionName.objects.create(region=village, name="新起的名村")
    assert RegionIndex.load(district).resolve("", "仁风镇", "新起的名").village == village.pk
    RegionName.objects.filter(pk=spelled.pk).update(name="又起的名村")
    assert RegionIndex.load(district).resolve("", "仁风镇", "新起的名").code == "village_unknown"


def test_the_exact_name_of_another_towns_village_is_not_taken_for_one_nearly_called_so(index):
    place = index.resolve("济阳区", "垛石街道", "董家村村民委员会")
    assert (place.code, place.village) == ("village_other_town", None)
    assert "有这个村，本镇街相近的是：" in place.hint
    near = place.hint.rsplit("：", 1)[1]
    assert index.resolve("济阳区", "垛石街道", near).village == index.resolve("济阳区", "垛石街道", "董家").village


def test_village_names_lose_their_suffixes():
    assert {village_key(name) for name in ("李家坊村民委员会", "李家坊村", "李家坊", "李家坊村委会")} == {"李家坊"}
