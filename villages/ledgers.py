"""The ledger of 行政村信息."""

from functools import partial

from households.roster.layout_export import offered
from jiyang.ledgers.columns import Column
from jiyang.ledgers.importing import Imports
from jiyang.ledgers.ledger import FormFor, Ledger
from jiyang.ledgers.voiding import voiding
from villages import services
from villages.filters import YearFilter
from villages.forms import YearEditForm, YearForm
from villages.models import VillageYear
from villages.views import YearDetailView


class YearLedger(Ledger):
    model, name = VillageYear, "year"
    title, unit, noun, menu_order = "行政村信息", "条", "行政村信息", 33
    related = ("district", "town", "village")
    columns = (
        Column("village__short_name", "行政村", cell="link", sort="village__code"),
        Column("town__name", "镇街", sort="town__code"),
        Column("year", cell="text", align="right"),
        Column("households_total", optional=True),
        Column("people_total"),
        Column("allowance_people", optional=True),
        Column("dangerous_house_households", "危房户", optional=True),
        Column("unsafe_water_households", "饮水不安全户", optional=True),
        Column("collective_income_wan", "集体收入（万元）", optional=True),
        Column("paved_road", "通沥青（水泥）路", optional=True, sort=None),
    )
    extra_export = tuple(
        Column(name, sort=None)
        for name in (
            "allowance_households", "destitute_people", "disabled_people", "pension_people", "bus_service", "primary_schools", "clinics",
            "doctors", "public_toilets", "waste_points", "reading_rooms", "lifted_village",
        )
    )  # fmt: skip
    file_layouts = partial(offered, ("roster_e",))
    detail_template, detail_view = "villages/detail.html", YearDetailView
    filterset, sort = YearFilter, "-year"
    empty = "还没有行政村信息。导入国家系统的行政村信息表，或逐村登记。"
    create = FormFor(YearForm, services.record_year)
    edit = FormFor(YearEditForm, services.edit_year)
    imports = Imports("village.import", ("village", "year"), services.fill_year)
    bulk = (voiding("选错了村或年度"),)
