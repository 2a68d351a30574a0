"""管理后台: every ledger that takes imports in Django's admin, through django-import-export's mixins; nothing to register.

Rows are read here, never added, changed or deleted: that passes by maker and checker in the ledgers' own pages, to which a
row's link leads. Scope, columns, masks, export and import are the ledger's; 确认 of an import makes a batch that a second
person must approve. The matrix opens each page (`admin.open` and the ledger's own right), so that log-in, lock-out and
refusal are the project's. `admin/base_site.html` takes the place of the admin's own frame, whose links lead to its log-in.
"""

from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import XLSX
from import_export.forms import ExportForm

from jiyang.access.matrix import matrix
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.intake import acts
from jiyang.intake.act_views import seen_by
from jiyang.intake.models import Batch
from jiyang.ledgers import import_services, registry
from jiyang.ledgers.import_views import received
from jiyang.ledgers.importing import MOST_ROWS, resource_of
from jiyang.ledgers.terms import is_key
from jiyang.ledgers.views import INVALID

OPEN = "admin.open"
# page of the admin -> page of the ledger whose right it asks for beside `admin.open`
PAGES = {"changelist": "list", "change": "detail", "export": "export", "import": "import_upload", "process_import": "import_submit"}  # fmt: skip


class PurposeForm(ExportForm):
    """What an export asks for here as everywhere."""

    purpose = forms.CharField(label="用途", max_length=200, help_text="如“10 月入户排查”")


class LedgerAdmin(ImportExportMixin, admin.ModelAdmin):
    """One ledger, made by the site's loop."""

    ledger: ClassVar = None
    export_form_class = PurposeForm
    formats: ClassVar = [XLSX]
    change_list_template = "ledgers/admin_list.html"
    import_template_name = "ledgers/admin_import.html"
    actions, list_per_page, show_full_result_count = None, 50, False

    def get_urls(self) -> list:
        views = {
            "changelist": ("", self.changelist_view),
            "change": ("<int:pk>/change/", self.change_view),
            "export": ("export/", self.export_action),
            "import": ("import/", self.import_action),
            "process_import": ("import/confirm/", self.process_import),
        }
        return [
            path(route, self.admin_site.admin_view(view), name=self.view_name(page))
            for page, (route, view) in views.items()
        ]

    def view_name(self, page: str) -> str:
        return "{}_{}_{}".format(*self.get_model_info(), page)

    def may(self, request: HttpRequest, page: str) -> bool:
        return request.actor.may_open(f"admin:{self.view_name(page)}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "changelist")

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.may(request, "changelist")

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "export")

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "import")

    def get_queryset(self, request: HttpRequest):
        return self.ledger.standing(self.ledger.rows(request.actor))

    def get_list_display(self, request: HttpRequest) -> list:
        return [shown(column) for column in self.ledger.shown(request.actor)]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        extra = {"title": self.ledger.title, "ledger_url": self.ledger.url("list"), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def change_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A row is read, and worked on, in the ledger's own page."""
        return redirect(self.ledger.url_of(get_object_or_404(self.ledger.rows(request.actor), pk=pk)))

    def get_resource_classes(self, request: HttpRequest) -> list:
        return [resource_of(self.ledger)]

    def get_resource_kwargs(self, request: HttpRequest, *args, **kwargs) -> dict:
        return {"actor": request.actor, "by": request.user}

    def get_export_data(self, file_format, request: HttpRequest, queryset, **kwargs) -> bytes:
        note(
            LogKind.EXPORT,
            table=self.ledger.model._meta.label_lower,
            purpose=kwargs["export_form"].cleaned_data["purpose"],
            rows=queryset.count(),
            columns="、".join(column.label for column in self.ledger.exported(request.actor))[:200],
        )
        return super().get_export_data(file_format, request, queryset, **kwargs)

    def import_action(self, request: HttpRequest, **kwargs) -> HttpResponse:
        """The upload; then the batch with every line as it would become: nothing is written before a second person agrees."""
        if request.method != "POST":
            return self.import_page(request)
        try:
            batch = import_services.upload(by=request.user, ledger=self.ledger, **received(request))
        except ValidationError as refused:
            return self.import_page(request, problems=refused.messages)
        return self.import_page(request, batch=batch)

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs) -> HttpResponse:
        """确认: the batch waits for another person from here on."""
        key = request.POST.get("batch", "")
        if not is_key(key):
            raise Http404("没有这一批")
        mine = Batch.objects.visible_to(request.actor).filter(target=self.ledger.key, uploaded_by=request.user)
        batch = get_object_or_404(mine, pk=key)
        try:
            import_services.submit(batch=batch, by=request.user, seen=seen_by(request))
        except ValidationError as refused:
            return self.import_page(request, problems=refused.messages)
        messages.success(request, f"{batch} 已提交，由另一位同志复核入库")
        return redirect(self.ledger.url("import_batch", batch.pk))

    def import_page(self, request: HttpRequest, *, batch: Batch | None = None, problems=()) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": f"导入{self.ledger.title}", "ledger": self.ledger,
            "problems": problems, "batch": batch, "most_rows": MOST_ROWS, "template_url": self.ledger.url("import_template"),
        }  # fmt: skip
        if batch is None:
            context["headings"] = list(resource_of(self.ledger)(**self.get_resource_kwargs(request)).headings)
        else:
            batch.refresh_from_db(fields=["version"])  # the upload has raised it: the page counts for what stands now
            plan = import_services.plan_of(batch, request.actor)
            context |= {
                "seen": acts.stamp(batch, plan.digest),
                "shown": [one for one in plan.lines if one.action != "same"],
                "writes": plan.counts["insert"] + plan.counts["update"],
                "process_url": f"admin:{self.view_name('process_import')}",
                "batch_url": self.ledger.url("import_batch", batch.pk),
            }
        return TemplateResponse(request, self.import_template_name, context, status=INVALID if problems else 200)


def shown(column):
    """A ledger's column as the admin's list draws it."""

    def text(row):
        return column.text(row)

    text.short_description, text.admin_order_field = column.label, column.sort or None
    return text


class LedgerSite(admin.AdminSite):
    site_header = site_title = "济阳区防返贫工作台 管理后台"
    index_title = "台账"
    index_template = "ledgers/admin_index.html"
    enable_nav_sidebar = final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.actor is not None and request.actor.has(OPEN)

    def get_urls(self) -> list:
        """Its own log-in, log-out and password pages stay away."""
        urls = [
            path("", self.admin_view(self.index), name="index"),
            path("jsi18n/", self.admin_view(self.i18n_javascript, cacheable=True), name="jsi18n"),
        ]
        for one in self._registry.values():
            urls += [
                path(f"{one.opts.app_label}/{one.opts.model_name}/{entry.pattern}", entry.callback, name=entry.name)
                for entry in one.get_urls()
            ]
        return [*urls, path("<str:app_label>/", self.admin_view(self.app_index), name="app_list")]


def site_of_ledgers() -> LedgerSite:
    """The site with every ledger that takes imports; each page is entered in the matrix."""
    made, views = LedgerSite(name="admin"), matrix().views
    for ledger in registry.ledgers():
        if ledger.imports:
            made.register(ledger.model, type(f"{ledger.__name__}Admin", (LedgerAdmin,), {"ledger": ledger}))
            one = made.get_model_admin(ledger.model)
            views |= {
                f"admin:{one.view_name(page)}": f"{OPEN} & {views[f'{ledger.key}_{own}']}"
                for page, own in PAGES.items()
            }
    return made


site = site_of_ledgers()
