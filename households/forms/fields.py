"""What the forms of household records have in common."""

from django import forms

from households.models import Household
from jiyang.ui.forms import KernelForm


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
