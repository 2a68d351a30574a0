"""What the forms of household records have in common."""

from django import forms

from households.models import Household
from jiyang.ui.forms import KernelForm

YES_NO = [("", "未填"), ("True", "是"), ("False", "否")]


def yes_no(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=YES_NO, required=False, empty_value=None, coerce=lambda value: value == "True"
    )


class OfHousehold(KernelForm):
    """Base of forms that make a household's record: asks for its number, hands the service the `household`."""

    household_no = forms.CharField(label="户编号", max_length=20)

    def clean(self) -> dict:
        values = super().clean()
        number = values.pop("household_no", "").strip()
        if number:
            found = Household.objects.visible_to(self.actor).filter(household_no=number).first()
            if found is None:
                self.add_error("household_no", "本辖区没有这个户编号，请核对")
            values["household"] = found
        return values
