"""Switching a rule off and bringing a former version back: proposals for a second person."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.generic import View

from jiyang.ledgers.views import INVALID
from jiyang.rules import services
from jiyang.rules.forms import DatedReasonForm
from jiyang.rules.models import RuleVersion
from jiyang.rules.versions import in_use, saying
from jiyang.ui.forms import put_errors


class ProposeView(View):
    """Base: a reason and a day, whose answers become a version that waits for a second person."""

    title: ClassVar[str] = ""
    button: ClassVar[str] = ""

    def subject(self) -> RuleVersion:
        raise NotImplementedError

    def propose(self, answers: dict) -> RuleVersion:
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs) -> HttpResponse:
        return self.page(DatedReasonForm(actor=request.actor))

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        form = DatedReasonForm(request.POST, actor=request.actor)
        if form.is_valid():
            try:
                version = self.propose({**form.cleaned_data, "by": request.user})
            except ValidationError as refused:
                put_errors(form, refused)
            else:
                return redirect("rules:version_detail", version.pk)
        return self.page(form, INVALID)

    def page(self, form: DatedReasonForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "version": self.subject(), "title": self.title, "button": self.button}
        return render(self.request, "rules/propose.html", context, status=status)


class SwitchOffView(ProposeView):
    title, button = "停用规则", "提交停用"

    def subject(self) -> RuleVersion:
        used = in_use(self.kwargs["code"])
        if used is None:
            raise Http404
        return used

    def propose(self, answers: dict) -> RuleVersion:
        return services.switch_off(code=self.kwargs["code"], **answers)


class BringBackView(ProposeView):
    title, button = "恢复这一版", "提交恢复"

    def subject(self) -> RuleVersion:
        try:
            return saying(self.kwargs["code"], self.kwargs["number"])
        except ValidationError as unknown:
            raise Http404 from unknown

    def propose(self, answers: dict) -> RuleVersion:
        return services.bring_back(code=self.kwargs["code"], number=self.kwargs["number"], **answers)
