"""Single cells as offices write them: read for what they mean, or refused, never stored as something else."""

import datetime as dt
import time

import pytest

from jiyang.intake.layouts import layouts
from jiyang.intake.values import reader_for


def read(name: str, cell: object, layout: str = "roster_a"):
    return reader_for(layouts()[layout].by_name[name], dt.date(2025, 6, 30))(cell)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024/3/1 00:00", "2024-03-01"),
        ("2024/3/2 08:30:00", "2024-03-02"),
        ("2024-03-05T10:00:00Z", "2024-03-05"),
        ("2024-3-5T10:00:00+08:00", "2024-03-05"),
        ("2024/3/1 上午9:05", "2024-03-01"),
        ("2024年3月1日 9时30分", "2024-03-01"),
        ("2024/3/1 9:30:00 PM", "2024-03-01"),
        ("'2024/3/1\u200d", "2024-03-01"),
        ("2024 1 1", "2024-01-01"),
        ("2024年3月1日 星期五", "2024-03-01"),
        ("2024-03-01（周五）", "2024-03-01"),
        ("2024 11 2", "2024-11-02"),
    ],
)
def test_a_time_behind_a_day_is_no_part_of_it(cell, day):
    assert read("job_started_on", cell, "roster_d").stored == day


@pytest.mark.parametrize("cell", ["20214", "20210", 20141.0, "20214.5", "20999"])
def test_five_digits_that_begin_like_a_year_are_no_serial_number_of_the_fifties(cell):
    assert read("identified_on", cell)[:2] == (None, "date_ambiguous")


def test_a_birth_and_a_late_serial_number_are_days():
    assert read("stated_birth_date", 20214.0, "roster_b").stored == "1955-05-05"
    assert read("identified_on", "44287").stored == "2021-04-01"


@pytest.mark.parametrize(
    ("name", "layout", "cell", "stored"),
    [
        ("income_per_head", "roster_a", "12000元/户", None),
        ("income_per_head", "roster_a", "12000元/人", "12000.00"),
        ("wage_income", "roster_c", "12000元/人", None),
        ("wage_income", "roster_c", "12000元/户", "12000.00"),
        ("job_monthly_pay", "roster_d", "3000元/人", "3000.00"),
        ("income_per_head", "roster_a", "1.2e4", None),
        ("income_per_head", "roster_a", "1.2E+04", None),
        ("income_per_head", "roster_a", 12000.5, "12000.50"),
        ("income_per_head", "roster_a", "'18052.02\u200d", "18052.02"),
        ("income_per_head", "roster_a", "’12,000", "12000.00"),
    ],
)
def test_amounts_of_another_kind_and_those_that_lost_digits_are_refused(name, layout, cell, stored):
    found = read(name, cell, layout)
    assert (found.stored, found.code == "income_not_number") == (stored, stored is None)


@pytest.mark.parametrize("separator", ["、", "·", "。", ".", "&", "\\", "和", "-", "与", "及", "以及", "~", "/"])
def test_labels_are_parted_by_any_separator(separator):
    assert read("health", f"残疾{separator}长期慢性病").stored == "{chronic,disabled}"


@pytest.mark.parametrize("cell", ["健康。", "健康/", "健康.", "‘健康", "健康\u200d"])
def test_a_mark_behind_a_label_is_no_part_of_it(cell):
    assert read("health", cell).stored == "{healthy}"


@pytest.mark.parametrize("cell", ["\\", "-", "/"])
def test_a_mark_alone_is_no_label(cell):
    assert read("health", cell)[:2] == (None, "placeholder")


def test_a_word_that_also_separates_stays_within_a_label_that_is_not_known():
    assert read("measure_industry", "种植和养殖·合作社", "roster_c").stored == '{"种植和养殖·合作社"}'


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("之长子", "son"),
        ("之次女", "daughter"),
        ("之儿子", "son"),
        ("之妻", "spouse"),
        ("之配偶", "spouse"),
        ("三女儿", "daughter"),
        ("户主（本人）", "head"),
        ("户主。", "head"),
        ("户主(妻子)", None),
        ("其他(保姆)", None),
    ],
)
def test_relations_as_they_are_written(cell, stored):
    assert read("relation", cell).stored == stored


@pytest.mark.parametrize("cell", ["01汉族", "01-汉族", "汉族(01)", "'汉族\u200d", "汉", "汉族。"])
def test_peoples_with_a_number_or_an_apostrophe(cell):
    assert (read("ethnic", cell).stored, read("ethnic", cell).code != "listed_unknown") == ("汉族", True)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("江苏省昆山市", False),
        ("四川省峨眉山市", False),
        ("晋城市城区", False),
        ("济阳县城", False),
        ("历下区阳光小区", False),
        ("济南市高新区", False),
        *(
            (cell, True)
            for cell in ("县内", "本区", "市区", "小区", "县城", "阳光小区", "济南市市区", "山东济南市", "吉林市")
        ),
    ],
)
def test_a_work_place_reaches_a_county_that_it_names(cell, told):
    assert (read("job_place", cell, "roster_d").code == "job_place_too_coarse") == told


def test_a_long_count_that_is_none_costs_little():
    begun = time.process_time()
    assert read("stated_size", "人" * 30_000 + "x").stored is None
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("name", "layout", "cell", "stored", "code"),
    [
        ("job_ended_on", "roster_d", "仍在务工", None, "placeholder"),
        ("job_ended_on", "roster_d", "长期", None, "placeholder"),
        ("job_ended_on", "roster_d", "99991231", None, "placeholder"),
        ("job_ended_on", "roster_d", "9999-12-31", None, "placeholder"),
        ("job_started_on", "roster_d", "长期", None, "date_unreadable"),
        ("job_place", "roster_d", "韩国", "韩国", ""),
        ("job_place", "roster_d", "江苏昆山", "江苏昆山", "job_place_too_coarse"),
        ("ethnic", "roster_a", "01", "汉族", "label_alias"),
        ("ethnic", "roster_a", "56", "基诺族", "label_alias"),
        ("ethnic", "roster_a", "57", "57", "listed_unknown"),
        ("education", "roster_a", "中专", "high", "label_alias"),
        ("school_state", "roster_a", "六年级", "primary", "label_alias"),
        ("school_state", "roster_a", "初中", None, "enum_unknown"),
        ("health", "roster_a", "残疾（肢体二级）", "{disabled}", "label_alias"),
        ("subsistence_allowance", "roster_c", "不享受", None, ""),
        ("stated_sex", "roster_c", "F", "f", "label_alias"),
        ("income_per_head", "roster_a", "-0.001", "0.00", ""),
        ("hamlet", "roster_a", "２组", "2组", "fullwidth_digits"),
        ("name", "roster_a", "买买提 · 阿不都", "买买提·阿不都", "inner_spaces"),
        ("phone", "roster_a", "同户主", None, "placeholder"),
    ],
)
def test_everyday_words_are_read_for_what_they_mean(name, layout, cell, stored, code):
    assert read(name, cell, layout)[:2] == (stored, code)


ID = "11010519491231002X"


@pytest.mark.parametrize(
    ("cell", "stored", "code"),
    [
        (f"{ID}（儿子）", ID, "id_remark"),
        (f"王伟{ID}", ID, "id_remark"),
        (f"{ID}号", ID, "id_remark"),
        (f"{ID[:-1]}1（儿子）", None, "id_shape"),
        (f"{ID}（15位）", None, "id_shape"),
    ],
)
def test_a_remark_beside_an_id_number_is_no_part_of_it(cell, stored, code):
    assert read("id_number", cell)[:2] == (stored, code)


@pytest.mark.parametrize(
    "name", ["name", "health", "ethnic", "income_per_head", "phone", "dangerous_house", "hamlet", "identified_on"]
)
def test_the_null_of_a_database_is_an_empty_cell(name):
    assert read(name, "\\N")[:2] == (None, "placeholder")


@pytest.mark.parametrize(
    ("cell", "stored"), [("1-是", "t"), ("2-否", "f"), ("0.否", "f"), ("是√", "t"), ("否×", "f"), ("是×", None)]
)
def test_a_number_or_a_sign_beside_yes_or_no_says_the_same(cell, stored):
    assert read("dangerous_house", cell).stored == stored


@pytest.mark.parametrize(("cell", "stored"), [("计划", "t"), ("不计划", "f"), ("未计划", "f"), ("待定", None)])
def test_what_is_planned_is_said_in_its_own_words(cell, stored):
    assert read("plans_to_work", cell, "roster_g").stored == stored


@pytest.mark.parametrize(
    ("cell", "stored"), [("500米", "0.50"), ("1.2千米", "1.20"), ("0.5公里", "0.50"), ("3亩", None)]
)
def test_metres_of_a_distance_are_converted(cell, stored):
    found = read("road_distance_km", cell, "roster_f")
    assert (found.stored, found.code == "unit_converted") == (stored, cell == "500米")


@pytest.mark.parametrize("cell", ["身份证", "身份证号码", "ID", "id:", "。", '""', "#", "(身份证)", ",", "、", '="ID"'])
def test_a_word_or_mark_without_a_number_is_refused(cell):
    assert read("id_number", cell)[:2] == (None, "id_shape")
    assert "没有号码" in read("id_number", cell)[3]


@pytest.mark.parametrize("cell", ["新生儿", "无身份证", "待上户", "未上户"])
def test_words_for_no_id_number_are_an_empty_cell(cell):
    assert read("id_number", cell)[:2] == (None, "")


@pytest.mark.parametrize(
    ("name", "layout", "cell", "stored", "code"),
    [
        ("income_per_head", "roster_a", "12000\n13000", None, "values_several"),
        ("income_per_head", "roster_a", "12000元 13000元", None, "values_several"),
        ("income_per_head", "roster_a", "12\n000", None, "values_several"),
        ("income_per_head", "roster_a", "12 000.5元", "12000.50", "number_format"),
        ("house_area_m2", "roster_f", "3.5\n2", None, "values_several"),
        ("stated_size", "roster_a", "3\n4", None, "values_several"),
        ("work_months", "roster_a", "6 7", None, "values_several"),
        ("work_months", "roster_a", "6 个月", "6", "number_format"),
        ("identified_on", "roster_a", "2021.1\n2", None, "date_unreadable"),
        ("household_no", "roster_a", "3723201529843832 3", None, "values_several"),
        ("household_no", "roster_a", "37232015\n29843832", "3723201529843832", "surrounding_spaces"),
        ("household_no", "roster_a", "37232015\n2984383", None, "values_several"),
        ("phone", "roster_a", "138 0013 8000、139 0013 9000", "13800138000", "phone_several"),
        ("phone", "roster_a", "13800138000 13900139000", "13800138000", "phone_several"),
        ("household_no", "roster_a", "3723 2015 2984 3832", "3723201529843832", "surrounding_spaces"),
        ("person_no", "roster_a", "3723 2015 2984 3832 123", "3723201529843832123", "surrounding_spaces"),
        ("name", "roster_a", "张三\n李四", "张三李四", "name_odd"),
        ("name", "roster_a", "王伟 男", "王伟男", "name_odd"),
        ("name", "roster_a", "王\n伟", "王伟", "inner_spaces"),
    ],
)
def test_two_values_in_one_cell_are_not_joined(name, layout, cell, stored, code):
    found = read(name, cell, layout)
    assert (found.stored, found.code) == (stored, code)


@pytest.mark.parametrize("cell", ["八九个月", "两三个月", "三四", "十八九", "二三十"])
def test_a_number_that_may_be_either_of_two_is_none(cell):
    assert read("work_months", cell)[:2] == (None, "number_not_count")


def test_digits_one_by_one_are_read_where_they_are_written_so():
    assert [read("work_months", cell).stored for cell in ("一〇", "十二", "两")] == ["10", "12", "2"]
    assert [read("year", cell, "roster_e").stored for cell in ("二〇二一", "一九九八")] == ["2021", "1998"]
    assert {read("year", cell, "roster_e").stored for cell in ("2021 年", "二〇二一年", "二〇二一年度")} == {"2021"}


@pytest.mark.parametrize(
    ("name", "layout", "cell", "stored"),
    [
        ("uninsured_problem", "roster_c", "已参加", "f"),
        ("uninsured_problem", "roster_c", "已参保", "f"),
        ("uninsured_problem", "roster_c", "未参加", "t"),
        ("after_uninsured", "roster_c", "没有参加", "t"),
        ("uninsured_problem", "roster_c", "是（未参加）", "t"),
        ("uninsured_problem", "roster_c", "否（已参加）", "f"),
        ("uninsured_problem", "roster_c", "是（已参加）", None),
        ("uninsured_problem", "roster_c", "未", None),
        ("uninsured_problem", "roster_c", "无", "f"),
        ("dropout_problem", "roster_c", "已解决", None),
        ("after_water_damaged", "roster_c", "已解决", None),
        ("water_difficult", "legacy_household", "已解决", None),
        ("water_difficult", "legacy_household", "未解决", None),
        ("dangerous_house", "legacy_household", "已解决", None),
        ("safe_water", "legacy_household", "未解决", "f"),
        ("risk_removed", "roster_c", "已消除", "t"),
        ("risk_removed", "roster_c", "未消除", "f"),
        ("risk_removed", "roster_c", "尚未消除", "f"),
        ("uninsured_problem", "roster_c", "已经参加", "f"),
        ("working", "roster_d", "未务工", "f"),
        ("plans_to_work", "roster_g", "已务工", None),
        ("lifted_village", "roster_e", "已出列", "t"),
        ("toilet_usable", "roster_c", "不能", "f"),
    ],
)
def test_a_word_answers_the_question_that_its_column_asks(name, layout, cell, stored):
    found = read(name, cell, layout)
    assert (found.stored, found.code) == (stored, "yes_no_sign" if stored else "yes_no_unknown")


def test_a_refused_word_is_told_with_those_that_may_stand_there():
    assert "已参加" in read("critical_illness_insured", "已解决").note


@pytest.mark.parametrize("cell", ["Ⅹ", "ⅹ"])
def test_the_roman_ten_is_the_x_of_a_number(cell):
    assert read("id_number", ID[:-1] + cell)[:2] == (ID, "number_format")


def test_a_remark_beside_the_number_of_a_certificate_is_no_part_of_it():
    assert read("id_number", f"{ID}43（残疾证）")[:2] == (f"{ID}43", "id_remark")
    assert read("id_number", f"{ID}43B1（本人）")[:2] == (f"{ID}43B1", "id_remark")


def test_a_part_of_a_month_is_no_day():
    assert read("job_started_on", "2021年5月底", "roster_d")[:2] == (None, "date_unreadable")


@pytest.mark.parametrize("cell", [dt.time(3, 2), dt.timedelta(hours=3, minutes=2)])
def test_a_text_that_a_spreadsheet_turned_into_a_time_is_told(cell):
    assert read("hamlet", cell).code == "text_from_date"


@pytest.mark.parametrize("name", ["长孙无忌", "母芳", "户伟"])
def test_a_name_that_begins_like_a_word_of_kinship_is_a_name(name):
    assert read("name", name)[:2] == (name, "")


@pytest.mark.parametrize("cell", ["戶主", "户主/本人", "户主或本人", '"户主"', "“户主”"])
def test_a_head_in_quotes_or_old_characters(cell):
    assert read("relation", cell).stored == "head"


@pytest.mark.parametrize(
    ("name", "cell"),
    [("income_per_head", "9e999999万"), ("income_per_head", "-9E999999"), ("id_number", "370125①96905051234")],
)
def test_what_no_number_can_be_is_a_finding_of_its_cell(name, cell):
    assert read(name, cell)[0] is None and read(name, cell)[1]
