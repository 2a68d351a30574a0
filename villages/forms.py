from django import forms

from households.forms.facts import FactsForm, with_facts
from households.forms.register import VillageChoice, with_town
from households.roster.takers import FIRST_YEAR
from jiyang.ledgers.filters import regions_for
from jiyang.regions.enums import Level
from jiyang.ui.forms import KernelForm
from villages.models import VillageYear

SECTIONS = (
    ("户和人口", ("households_total", "people_total", "allowance_households", "allowance_people", "destitute_people",
                  "disabled_people", "pension_people")),
    ("住房、饮水和集体收入", ("dangerous_house_households", "unsafe_water_households", "collective_income_wan", "lifted_village")),
    ("公共服务", ("paved_road", "bus_service", "primary_schools", "clinics", "doctors", "public_toilets", "waste_points",
                  "reading_rooms")),
)  # fmt: skip
FACTS = tuple(name for _, names in SECTIONS for name in names)


@with_facts(VillageYear, *FACTS)
class YearForm(KernelForm):
    """登记行政村信息."""

    village = VillageChoice(None, label="行政村", empty_label="请选择")
    year = forms.IntegerField(label="年度", min_value=FIRST_YEAR, help_text="这些数字是哪一年的，如 2025")

    sections = (("村和年度", ("village", "year")), *SECTIONS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["village"].queryset = with_town(regions_for(self.actor, Level.VILLAGE))


@with_facts(VillageYear, *FACTS)
class YearEditForm(FactsForm):
    """修改行政村信息: of which village and year stays."""

    sections = SECTIONS
