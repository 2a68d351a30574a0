"""结对 of one household; the hand-over of a helper's households."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from households.forms.pairings import PairForm
from households.models import Household, Pairing
from households.services import pairings
from households.views.acts import INVALID, HouseholdActView
from households.views.helpers import HelperDetailView
from jiyang.ui.forms import put_errors


class PairView(HouseholdActView):
    form_class, model = PairForm, Pairing
    title, verb = "结对", "结对"
    explanation = "原责任人的结对到这一天为止，记录保留。"

    def do(self, form: PairForm) -> None:
        outcome = pairings.pair(rows=[self.household], by=self.request.user, **form.cleaned_data)
        if outcome.refused:
            raise ValidationError(list(outcome.refused.values()))


class HandOverView(HelperDetailView):
    """交接: the chosen households of a helper go to another."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return redirect(self.ledger.url_of(self.get_object()))

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.form(request.POST)
        keys = [int(key) for key in request.POST.getlist("household") if key.isdecimal() and len(key) < 19]
        if not keys:
            form.add_error(None, "请先勾选要交接的户")
        if form.is_valid():
            try:
                return self.hand_over(keys, form)
            except ValidationError as refused:
                put_errors(form, refused)
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)

    def hand_over(self, keys: list[int], form: forms.Form) -> HttpResponse:
        mine = Pairing.objects.visible_to(self.actor).filter(helper=self.get_object(), until=None)
        households = (
            Household.objects.visible_to(self.actor).filter(pk__in=mine.values("household")).filter(pk__in=keys)
        )
        outcome = pairings.pair(rows=households, by=self.request.user, **form.cleaned_data)
        if outcome.done:
            done = f"已交接 {outcome.done} 户给{form.cleaned_data['helper'].name}"
            messages.info(self.request, done, extra_tags="ok")
        refused = list(households.filter(pk__in=outcome.refused))
        if gone := len(set(keys)) - outcome.done - len(refused):
            late = f"{gone} 户已不由{self.get_object().name}帮扶，没有交接"
            messages.warning(self.request, late, extra_tags="warn")
        for household in refused:
            messages.warning(self.request, f"{household}：{outcome.refused[household.pk]}", extra_tags="warn")
        return redirect(self.ledger.url_of(self.get_object()))
