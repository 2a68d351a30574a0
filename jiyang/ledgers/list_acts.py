"""What a list's page can do besides showing rows: a bulk act, the columns shown, the saved queries."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from jiyang.ledgers import preferences
from jiyang.ledgers.bulk import BulkAction, Outcome, Selection, selection_of
from jiyang.ledgers.queries import query_of
from jiyang.ledgers.views import INVALID, LedgerView

MOST_NAMED = 200  # refused rows named on the page; the rest is counted


class LedgerBulkView(LedgerView):
    """A bulk act: the first POST asks with the count, the second (`confirmed` = that count) does it.

    Answers the fragment of the list's dialog to htmx, a page otherwise. A selection that has changed between asking and
    confirming asks again.
    """

    http_method_names: ClassVar = ["post", "options"]
    action: ClassVar[BulkAction] = None

    def get_template_names(self) -> list[str]:
        return ["ledgers/_bulk.html" if self.request.htmx else "ledgers/bulk.html"]

    def post(self, request: HttpRequest) -> HttpResponse:
        selection = selection_of(request.POST, query_of(request, self.ledger).rows)
        confirmed = request.POST.get("confirmed")
        form = self.form(request.POST if confirmed else None)
        if not len(selection):
            return self.answer(selection, form, "没有选中任何一行，请先勾选", status=INVALID)
        if not confirmed:
            return self.answer(selection, form)
        if confirmed != str(len(selection)):
            return self.answer(
                selection, form, f"名单已变，现在是 {len(selection)} {self.ledger.unit}，请核对后再确认", status=INVALID
            )
        if form is not None and not form.is_valid():
            return self.answer(selection, form, status=INVALID)
        try:
            with transaction.atomic():
                outcome = self.action.service(
                    rows=selection.rows(self.ledger, self.actor), by=request.user, **(form.cleaned_data if form else {})
                )
        except ValidationError as refused:
            return self.answer(selection, form, " ".join(refused.messages), status=INVALID)
        return self.render_to_response(self.get_context_data(outcome=outcome, refused=self.named(outcome)))

    def form(self, data):
        return self.action.form(data, actor=self.actor) if self.action.form else None

    def answer(self, selection: Selection, form, problem: str = "", status: int = 200) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(
                selection=selection, form=form, problem=problem, chosen=self.request.POST.getlist("pk"), everything=self.request.POST.get("all")
            ),
            status=status,
        )  # fmt: skip

    def named(self, outcome: Outcome) -> list[dict]:
        """The refused rows with name, address and reason, at most 200. One query."""
        keys = sorted(outcome.refused)[:MOST_NAMED]
        rows = self.ledger.rows(self.actor).filter(pk__in=keys).order_by("pk")
        return [
            {"name": self.ledger.name_of(row), "url": self.ledger.url_of(row), "reason": outcome.refused[row.pk]}
            for row in rows
        ]

    def get_context_data(self, **kwargs) -> dict:
        query = self.request.GET.urlencode()
        return {
            **super().get_context_data(**kwargs),
            "action": self.action,
            "action_url": f"{self.request.path}?{query}",
            "back_url": f"{self.ledger.url('list')}?{query}",
            "title": self.action.label,
        }


class ListActView(LedgerView):
    """Base of small POSTs that lead back to the list they came from (`query` = its conditions)."""

    http_method_names: ClassVar = ["post", "options"]

    def back(self, query: str | None = None) -> HttpResponse:
        query = self.request.POST.get("query", "") if query is None else query
        return redirect(f"{self.ledger.url('list')}?{query}")


class LedgerColumnsView(ListActView):
    """显示的列: kept for this user; no box ticked or `reset` = the ledger's own choice."""

    def post(self, request: HttpRequest) -> HttpResponse:
        paths = [] if "reset" in request.POST else request.POST.getlist("column")
        preferences.choose_columns(by=request.user, ledger=self.ledger, paths=paths)
        return self.back()


class LedgerSaveQueryView(ListActView):
    """存为常用查询. A refusal comes back to the list with its reason."""

    def post(self, request: HttpRequest) -> HttpResponse:
        query = request.POST.get("query", "")
        try:
            preferences.save_query(by=request.user, ledger=self.ledger, name=request.POST.get("name", ""), query=query)
        except ValidationError as refused:
            context = {
                "title": "常用查询没有存下",
                "problems": refused.messages,
                "back_url": f"{self.ledger.url('list')}?{query}",
            }
            self.template_name = "ledgers/refused.html"
            return self.render_to_response(self.get_context_data(**context), status=INVALID)
        return self.back()


class LedgerDropQueryView(ListActView):
    """删去一个常用查询."""

    def post(self, request: HttpRequest) -> HttpResponse:
        preferences.drop_query(by=request.user, ledger=self.ledger, name=request.POST.get("name", ""))
        return self.back()
