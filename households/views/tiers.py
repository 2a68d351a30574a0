"""Setting a tier by hand."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import FormView

from households.forms import TierForm
from households.ledgers import HouseholdLedger
from households.services.tiers import set_tier

INVALID = 422


class TierView(FormView):
    """认定分类 of one household in scope."""

    form_class, template_name = TierForm, "households/tier.html"

    def dispatch(self, request, *args, **kwargs) -> HttpResponse:
        self.household = get_object_or_404(HouseholdLedger.rows(request.actor), pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "actor": self.request.actor}

    def get_initial(self) -> dict:
        return {"on": timezone.localdate()}

    def get_context_data(self, **kwargs) -> dict:
        title = f"认定分类 {self.household.state.head_name}"
        return {**super().get_context_data(**kwargs), "household": self.household, "title": title}

    def form_valid(self, form: TierForm) -> HttpResponse:
        try:
            set_tier(household=self.household, by=self.request.user, **form.cleaned_data)
        except ValidationError as refused:
            form.add_error(None, refused)
            return self.form_invalid(form)
        return redirect(HouseholdLedger.url_of(self.household))

    def form_invalid(self, form: TierForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)
