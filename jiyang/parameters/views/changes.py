"""Proposing a value or a confirmation, and the second person's decision."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.generic import View

from jiyang.ledgers.views import INVALID, LedgerDetailView
from jiyang.parameters import services
from jiyang.parameters.catalogue import origin_of
from jiyang.parameters.enums import ChangeKind
from jiyang.parameters.forms import SourceForm, ValueForm
from jiyang.parameters.models import Parameter
from jiyang.ui.forms import put_errors
from jiyang.workflow.proposals import decision_of
from jiyang.workflow.views import DecideView, WithdrawView


class ProposeView(View):
    """Base: a form about a parameter, whose answers become a change for a second person."""

    title: ClassVar[str] = ""

    def subject(self) -> Parameter:
        raise NotImplementedError

    def form(self, data=None):
        raise NotImplementedError

    def propose(self, answers: dict):
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid():
            try:
                change = self.propose(form.cleaned_data)
            except ValidationError as refused:
                put_errors(form, refused)
            else:
                return redirect("parameters:change_detail", change.pk)
        return self.page(form, INVALID)

    def page(self, form, status: int = 200) -> HttpResponse:
        row = self.subject()
        context = {"form": form, "row": row, "title": self.title, "origin": origin_of(row.key)}
        return render(self.request, "parameters/propose.html", context, status=status)


class ValueView(ProposeView):
    title = "提交新的值"

    def subject(self) -> Parameter:
        row = Parameter.objects.filter(key=self.kwargs["key"]).select_related("region").order_by("-since").first()
        if row is None:
            raise Http404
        return row

    def form(self, data=None):
        return ValueForm(data, actor=self.request.actor, last=self.subject())

    def propose(self, answers: dict):
        return services.propose_value(key=self.kwargs["key"], by=self.request.user, **answers)


class ConfirmView(ProposeView):
    title = "提交核实"

    def subject(self) -> Parameter:
        return get_object_or_404(Parameter.objects.select_related("region"), pk=self.kwargs["pk"])

    def form(self, data=None):
        return SourceForm(data, actor=self.request.actor)

    def propose(self, answers: dict):
        return services.propose_confirmation(parameter=self.subject(), by=self.request.user, **answers)


class ChangeDetailView(LedgerDetailView):
    """What is proposed beside what is in force, and the decision."""

    def get_context_data(self, **kwargs) -> dict:
        context, change = super().get_context_data(**kwargs), self.get_object()
        urls = [reverse(f"parameters:change_{act}", args=[change.pk]) for act in ("decide", "withdraw")]
        found = None
        if change.is_open and change.kind == ChangeKind.VALUE:
            found = services.plan(change.key, change.region, change.since, change.until)
        return {
            **context,
            "plan": found,
            "origin": origin_of(change.key),
            "decision": decision_of(change, self.actor, *urls),
        }


class ChangeDecideView(DecideView):
    service = staticmethod(services.decide)


class ChangeWithdrawView(WithdrawView):
    pass
