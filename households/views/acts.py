"""Base of the pages that do one act to one household: form, service, back to the household."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import FormView

from households.ledgers import HouseholdLedger
from jiyang.ledgers import saved
from jiyang.ledgers.views import message_of
from jiyang.ui.forms import put_errors

INVALID = 422


class HouseholdActView(FormView):
    """`title`, `verb` (the button) and `do(form)` in subclasses; 422 with everything typed when the service refuses."""

    template_name = "households/act.html"
    title = verb = explanation = ""
    tab = "overview"

    def dispatch(self, request, *args, **kwargs) -> HttpResponse:
        self.household = get_object_or_404(HouseholdLedger.rows(request.actor), pk=kwargs["pk"])
        self.back = f"{HouseholdLedger.url_of(self.household)}?tab={self.tab}"
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "actor": self.request.actor}

    def get_context_data(self, **kwargs) -> dict:
        context = {"household": self.household, "back": self.back, "verb": self.verb, "explanation": self.explanation}
        return {**super().get_context_data(**kwargs), **context, "title": self.title}

    def do(self, form: forms.BaseForm) -> str | None:
        """Carry the act out; returns the address to go to (None: back to the household). Raises ValidationError."""
        raise NotImplementedError

    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        try:
            address = self.do(form) or self.back
        except ValidationError as refused:
            put_errors(form, refused)
        except IntegrityError as clash:
            form.add_error(None, message_of(clash, self.model))
        else:
            saved.tell(self.request, self.household)
            return redirect(address)
        return self.form_invalid(form)

    def form_invalid(self, form: forms.BaseForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)
