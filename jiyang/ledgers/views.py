"""The pages of a ledger. Each view gets its rows through the actor's scope and its columns through the field groups."""

from functools import partial
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import add_never_cache_headers
from django.views.generic import TemplateView

from jiyang.access.matrix import matrix
from jiyang.audit.enums import LogKind
from jiyang.audit.history import changes_of
from jiyang.audit.log import note
from jiyang.documents.models import Attachment
from jiyang.intake.origins import origin_of
from jiyang.ledgers import bulk, preferences, registry, saved
from jiyang.ledgers.columns import Column, may_see
from jiyang.ledgers.editing import Stale, differences, with_version
from jiyang.ledgers.export import FileLayout, export_response, layout_response
from jiyang.ledgers.paging import Cursor, paginate
from jiyang.ledgers.queries import hidden_redirect, query_of
from jiyang.ledgers.records import Record
from jiyang.ledgers.tables import table_of
from jiyang.ledgers.terms import looks_personal
from jiyang.ui.forms import put_errors

INVALID = 422


class LedgerView(TemplateView):
    """Base: knows its ledger; a foreign, voided or absent object is 404 alike."""

    ledger: ClassVar = None

    @property
    def actor(self):
        return self.request.actor

    def get_object(self):
        if not hasattr(self, "_object"):
            self._object = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        return self._object

    def get_queryset(self):
        return self.ledger.rows(self.actor)

    def get_context_data(self, **kwargs) -> dict:
        ledger, query = self.ledger, self.request.GET.urlencode()
        pages = {"list": ledger.url("list"), "export": f"{ledger.url('export')}?{query}"}
        if "pk" in self.kwargs:
            own = ("detail", "history", *ledger.attachment_pages())
            pages |= {page: ledger.url(page, self.kwargs["pk"]) for page in own}
        if ledger.imports:
            pages["import"] = ledger.url("import")
        if ledger.create:
            pages["create"] = ledger.url("create")
        if ledger.edit and "pk" in self.kwargs:
            pages["edit"] = ledger.url("edit", self.kwargs["pk"])
        context = {"ledger": ledger, "actor": self.actor}
        for page, url in pages.items():
            context |= {f"{page}_url": url, f"can_{page}": self.actor.may_open(f"{ledger.key}_{page}")}
        return {**super().get_context_data(**kwargs), **context}


class LedgerListView(LedgerView):
    """The list: filters in the URL, chips, sort, keyset pages, exact total. POST is a search with personal data."""

    http_method_names: ClassVar = ["get", "post", "head", "options"]

    def get_template_names(self) -> list[str]:
        return [self.ledger.list_template]

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """A personal number typed into the address goes no further: links, chips and pages hold its token."""
        if looks_personal(request.GET.get("q", "")):
            return redirect(f"{request.path}?{hidden_redirect(request.GET, request.user.pk)}")
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        return redirect(f"{request.path}?{hidden_redirect(request.POST, request.user.pk)}")

    def get_context_data(self, **kwargs) -> dict:
        context, request = super().get_context_data(**kwargs), self.request
        query = query_of(request, self.ledger)
        sort = request.GET.get("sort") or self.ledger.sort
        if sort.lstrip("-") not in self.ledger.sorts(self.actor):
            sort = self.ledger.sort
        cursor = Cursor.decode(request.GET.get("cursor"))
        page = paginate(self.ledger.laid_out(query.rows), sort=sort, cursor=cursor, total=query.rows.count())
        kept = preferences.of(request.user, self.ledger)
        columns = preferences.columns_shown(self.ledger, self.actor, kept)
        acts = bulk.actions_for(self.ledger, self.actor)
        table = table_of(self.ledger, page, sort=sort, request=request, columns=columns, selectable=bool(acts))
        named = query.filter.form.fields if query.filter else {}
        keep = [(name, value) for name, value in request.GET.items() if name not in named and name != "cursor"]
        asked = request.GET.urlencode()
        return {
            **context,
            "query": query,
            "page": page,
            "table": table,
            "keep": keep,
            "title": self.ledger.title,
            "siblings": registry.siblings(self.ledger, self.actor),
            "asked": asked,
            "choices": [(column, column in columns) for column in self.ledger.exported(self.actor)],
            "saved": [{"name": one["name"], "url": f"?{one['query']}"} for one in kept.saved],
            "acts": [(act.label, f"{self.ledger.url(act.page)}?{asked}") for act in acts],
        }


class LedgerDetailView(LedgerView):
    def get_template_names(self) -> list[str]:
        return [self.ledger.detail_template]

    def get_queryset(self):
        rows = super().get_queryset()
        return rows.select_related("origin") if issubclass(self.ledger.model, Record) else rows

    def get_context_data(self, **kwargs) -> dict:
        record = self.get_object()
        listed = len(self.ledger.shown(self.actor))
        facts = [
            {
                "label": column.label, "value": column.text(record), "further": place >= listed,
                "reveal": self.reveal_url(record, column),
            }
            for place, column in enumerate(self.ledger.exported(self.actor))
        ]  # fmt: skip
        context = {
            "record": record,
            "facts": [fact for fact in facts if fact["value"] or not fact["further"]],
            "unfilled": [fact["label"] for fact in facts if fact["further"] and not fact["value"]],
            "title": str(record),
            "origin": origin_of(record, self.actor),
        }
        return {**super().get_context_data(**kwargs), **context, "attached": partial(attached_to, record, self.actor)}

    def reveal_url(self, record: models.Model, column: Column) -> str:
        """Where a masked number of the row's own is shown in full; empty where it is not, or not to the actor."""
        page = f"{self.ledger.key}_reveal"
        own = column.is_masked and column.owner is self.ledger.model and page in matrix().views
        return (
            f"{self.ledger.url('reveal', record.pk)}?field={column.path}" if own and self.actor.may_open(page) else ""
        )


class LedgerRevealView(LedgerView):
    """A masked number of a row in full, for a stated purpose and logged. POST `field`, `purpose`; never in an address."""

    http_method_names: ClassVar = ["post"]

    def post(self, request: HttpRequest, pk: int) -> JsonResponse:
        record, field = self.get_object(), request.POST.get("field", "")
        purpose = request.POST.get("purpose", "").strip()
        if field not in getattr(record, "masked", {}) or not may_see(type(record), field, self.actor):
            raise Http404("没有这个字段")
        if not purpose:
            return JsonResponse({"error": "请写明用途"}, status=INVALID)
        note(LogKind.REVEAL, obj=record, columns=field, purpose=purpose[:200])
        answer = JsonResponse({"value": getattr(record, field) or ""})
        add_never_cache_headers(answer)
        return answer


def attached_to(record, actor) -> int | None:
    """Number of the record's attachments that the actor may open; None where there can be none. One query.

    Pages get it as a callable: only those that show the number pay for it.
    """
    if not isinstance(record, Record) or not actor.may_open("documents:download"):
        return None
    return Attachment.objects.visible_to(actor).of(record).count()


class LedgerHistoryView(LedgerView):
    template_name = "ledgers/history.html"

    def get_context_data(self, **kwargs) -> dict:
        record = self.get_object()
        changes = changes_of([record], self.actor)
        return {
            **super().get_context_data(**kwargs),
            "record": record,
            "changes": changes,
            "attached": partial(attached_to, record, self.actor),
            "title": f"{record} 变更记录",
        }


class LedgerFormView(LedgerView):
    """Create and edit: 422 with everything typed kept, the service's refusals shown at the form."""

    template_name = "ledgers/form.html"

    def form_kwargs(self) -> dict:
        return {}

    def build(self, data=None, files=None) -> forms.BaseForm:
        return self.spec.form(data, files, actor=self.actor, **self.form_kwargs())

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=self.build()))

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.build(request.POST, request.FILES)
        if form.is_valid():
            try:
                record = self.save(form)
            except Stale as clash:
                return self.both_values(form, clash)
            except ValidationError as refused:
                put_errors(form, refused)
            except IntegrityError as clash:
                form.add_error(None, message_of(clash, self.ledger.model))
            else:
                saved.tell(request, record)
                return redirect(self.ledger.url_of(record))
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)

    def both_values(self, form: forms.BaseForm, clash: Stale) -> HttpResponse:
        """The form again with all that was typed, what the record holds now beside it."""
        again = self.build(with_version(form, clash.current))
        again.add_error(None, clash.message)
        context = self.get_context_data(form=again, differences=differences(form, clash.current))
        return self.render_to_response(context, status=INVALID)


class LedgerCreateView(LedgerFormView):
    """A new record; what the address says (`?household_no=…`) is filled in already."""

    def form_kwargs(self) -> dict:
        return {"initial": self.request.GET.dict()}

    @property
    def spec(self):
        return self.ledger.create

    def save(self, form):
        return self.spec.service(by=self.request.user, **form.cleaned_data)

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), "title": f"新建{self.ledger.title}"}


class LedgerEditView(LedgerFormView):
    @property
    def spec(self):
        return self.ledger.edit

    def form_kwargs(self) -> dict:
        return {"record": self.get_object()}

    def save(self, form):
        return self.spec.service(by=self.request.user, record=self.get_object(), **form.cleaned_data)

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), "record": self.get_object(), "title": f"修改 {self.get_object()}"}


class LedgerExportView(LedgerView):
    """Exactly the rows of the list as .xlsx, after a stated purpose; logged with the count."""

    template_name = "ledgers/export.html"

    def get_context_data(self, **kwargs) -> dict:
        query = query_of(self.request, self.ledger)
        context = super().get_context_data(**kwargs)
        total = query.rows.count()
        return {
            **context,
            "query": query,
            "total": total,
            "layouts": self.layouts(),
            "title": f"导出{self.ledger.title}",
        }

    def layouts(self) -> list[FileLayout]:
        """Official layouts carry full numbers: they are for who may see those."""
        return self.ledger.file_layouts() if self.actor.has("reveal") else []

    def post(self, request: HttpRequest) -> HttpResponse:
        purpose = request.POST.get("purpose", "").strip()
        if not purpose:
            context = self.get_context_data(error="请写明导出用途，如“10 月入户排查”")
            return self.render_to_response(context, status=INVALID)
        rows, wanted = query_of(request, self.ledger).rows, request.POST.get("layout")
        layout = next((one for one in self.layouts() if one.key == wanted), None)
        if layout:
            numbered = bool(request.POST.get("numbered"))
            return layout_response(rows, self.ledger, layout, self.actor, purpose, numbered=numbered)
        return export_response(rows, self.ledger, self.actor, purpose)


def message_of(clash: IntegrityError, model) -> str:
    """The Chinese message of the constraint that refused a row; a clash with an unseen row says so too."""
    name = getattr(getattr(clash.__cause__, "diag", None), "constraint_name", "") or ""
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return str(constraint.violation_error_message)
    raise clash
