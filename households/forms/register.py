"""Forms of the register."""

from django import forms
from django.db.models import QuerySet

from households.enums import HouseholdType, PovertyCause
from households.forms.facts import FactsForm, keep_visible, with_facts
from households.forms.fields import yes_no
from households.models import Household
from households.models.conditions import LivingConditions, names_of
from jiyang.identifiers import idcard
from jiyang.ledgers.filters import regions_for
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.ui.forms import KernelForm


def with_town(villages: QuerySet[Region]) -> QuerySet[Region]:
    return (
        villages.only("pk", "name", "code", "level", "town__name", "town__code").select_related("town").order_by("code")
    )


class VillageChoice(forms.ModelChoiceField):
    """A village, said with its town."""

    def label_from_instance(self, village: Region) -> str:
        return f"{village.town.name} {village.short_name}"


class HouseholdFacts(KernelForm):
    """Facts that a new household and an edited one share."""

    household_no = forms.RegexField(r"^[0-9]{1,20}$", label="户编号", required=False, max_length=20, help_text="国家系统的户编号，尚未取得可不填",
                                    error_messages={"invalid": "户编号只能是数字，最多 20 位"})  # fmt: skip
    household_type = forms.ChoiceField(label="户类型", choices=[("", "请选择"), *HouseholdType.choices])
    address = forms.CharField(label="家庭住址", required=False, max_length=120)
    phone = forms.RegexField(
        r"^[0-9]{11}$", label="户联系电话", required=False, error_messages={"invalid": "电话应为 11 位数字"}
    )
    poverty_cause = forms.ChoiceField(label="致贫原因", required=False, choices=[("", "未填"), *PovertyCause.choices])
    dangerous_house = yes_no("是否危房户")
    safe_water = yes_no("是否解决安全饮用水")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        keep_visible(self, Household)


class HouseholdForm(HouseholdFacts):
    """新建户: place, head and what is known."""

    village = VillageChoice(None, label="行政村", empty_label="请选择")
    head_name = forms.CharField(label="户主姓名", max_length=60)
    head_id_number = forms.CharField(
        label="户主证件号码", max_length=24, help_text="18 位身份证号，或 20、22 位残疾人证号"
    )

    field_order = ("village", "head_name", "head_id_number")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["village"].queryset = with_town(regions_for(self.actor, Level.VILLAGE))

    def clean_head_id_number(self) -> str:
        checked = idcard.check(self.cleaned_data["head_id_number"])
        if checked.problem:
            raise forms.ValidationError(checked.message)
        return checked.number


@with_facts(Household, *names_of(LivingConditions))
class HouseholdEditForm(FactsForm, HouseholdFacts):
    """修改户: with its living conditions."""

    sections = (("基本情况", ()), ("生产生活条件", ("dangerous_house", "safe_water", *names_of(LivingConditions))))
