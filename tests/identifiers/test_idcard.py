import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiyang.identifiers import idcard, masks, pinyin, regioncode

bodies = st.builds(
    lambda area, day, serial: f"{area:06d}{day:%Y%m%d}{serial:03d}",
    st.integers(110000, 659999), st.dates(dt.date(1900, 1, 1), dt.date(2021, 12, 31)), st.integers(0, 999),
)  # fmt: skip
AS_OF = dt.date(2025, 6, 30)


@given(bodies)
def test_right_check_digit_is_accepted_and_every_other_refused(body):
    right = idcard.check_digit(body)
    accepted = idcard.check(body + right, as_of=AS_OF)
    assert (accepted.problem, accepted.number, f"{accepted.birth_date:%Y%m%d}") == ("", body + right, body[6:14])
    assert accepted.sex == ("m" if int(body[16]) % 2 else "f")
    for wrong in set("0123456789X") - {right}:
        assert idcard.check(body + wrong, as_of=AS_OF).problem == "checksum"


@given(bodies, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes_as_the_same_number(body, place, shift):
    number = body + idcard.check_digit(body)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert idcard.check(wrong, as_of=AS_OF).problem != ""


@given(bodies, st.integers(1, 7), st.integers(1, 4), st.sampled_from(["", "B1", "B2"]))
def test_certificates_hold_the_id_number(body, kind, grade, again):
    number = f"{body}{idcard.check_digit(body)}{kind}{grade}{again}"
    checked = idcard.check(number, as_of=AS_OF)
    assert (checked.problem, checked.is_certificate, checked.number) == ("", True, number)


@given(st.dates(dt.date(1900, 1, 1), dt.date(1999, 12, 31)), st.integers(0, 999))
def test_old_numbers_are_upgraded(day, serial):
    checked = idcard.check(f"370125{day:%y%m%d}{serial:03d}", as_of=AS_OF)
    assert (checked.problem, checked.upgraded, checked.birth_date) == ("", True, day)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("", "empty"), ("3701251960050112", "length"), ("37012519600501123Y", "shape"), ("370125198004312507", "birthdate"),
        ("370125185006120696", "birthdate"), ("370125203005011235", "future"), ("37012519790214215403", "certificate"),
    ],
)  # fmt: skip
def test_problems_are_told_apart(number, problem):
    assert idcard.check(number, as_of=AS_OF).problem == problem


@given(st.text())
def test_any_text_is_answered(text):
    assert idcard.check(text, as_of=AS_OF).problem in {"", *idcard.MESSAGES}


@given(st.text(alphabet="0123456789X", min_size=11, max_size=22))
def test_masks_hide_the_middle(number):
    shown = masks.mask_id(number)
    assert len(shown) == len(number) and shown[:6] == number[:6] and shown[-4:] == number[-4:]
    assert set(shown[6:-4]) == {"*"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("曾庆红", "zeng qing hong"), ("单雄信", "shan xiong xin"), ("尉迟恭", "yuchi gong"), ("王芳", "wang fang")],
)
def test_surnames_are_read_as_surnames(name, key):
    assert pinyin.sort_key(name) == key


def test_region_codes():
    assert [regioncode.level(code) for code in ("370115", "370115104", "370115104201")] == [
        "district",
        "town",
        "village",
    ]
    assert regioncode.parent("370115104201") == "370115104"
    with pytest.raises(ValueError, match="应为"):
        regioncode.level("37011")
