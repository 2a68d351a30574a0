"""收入预估和核定 of one household, item by item."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from households.forms.incomes import IncomeForm, first_values
from households.models import IncomeStatement
from households.services import incomes
from households.views.acts import HouseholdActView


class IncomeView(HouseholdActView):
    """A new statement, prefilled with last time's items; a confirmed one needs the right to confirm."""

    form_class, model, tab = IncomeForm, IncomeStatement, "income"
    template_name = "households/income_form.html"
    title, verb = "登记收入", "保存"

    def get_initial(self) -> dict:
        rows = IncomeStatement.objects.visible_to(self.request.actor).filter(household=self.household)
        last = rows.filter(items__isnull=False).order_by("-period_end", "-pk").prefetch_related("items").first()
        return first_values(last, incomes.sharing(self.household), timezone.localdate())

    def do(self, form: IncomeForm) -> None:
        if form.cleaned_data["kind"] == "confirmed" and not self.request.actor.has("income.confirm"):
            raise ValidationError({"kind": "本岗位只能作预估，核定由镇街或区级办理"})
        incomes.record_income(household=self.household, by=self.request.user, **form.cleaned_data)
