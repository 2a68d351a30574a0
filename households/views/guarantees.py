"""登记核查: what a guarantee was found to be."""

from households.forms.guarantees import GuaranteeForm
from households.models import GuaranteeCheck
from households.services import guarantees
from households.views.acts import HouseholdActView


class GuaranteeView(HouseholdActView):
    form_class, model, tab = GuaranteeForm, GuaranteeCheck, "guarantees"
    title, verb = "登记保障核查", "保存"

    def get_initial(self) -> dict:
        return {"item": self.request.GET.get("item", "")}

    def do(self, form: GuaranteeForm) -> None:
        guarantees.check_guarantee(household=self.household, by=self.request.user, **form.cleaned_data)
