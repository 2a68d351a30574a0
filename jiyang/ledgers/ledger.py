"""`Ledger`: what an author declares of a table, and everything that comes with it (KERNEL.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import models
from django.urls import URLPattern, path, reverse

from jiyang.access.matrix import matrix
from jiyang.access.scope import Actor
from jiyang.ledgers import registry
from jiyang.ledgers.bulk import BulkAction
from jiyang.ledgers.columns import Column, columns_for
from jiyang.ui import navigation

if TYPE_CHECKING:
    from jiyang.ledgers.importing import Imports


@dataclass(frozen=True)
class FormFor:
    """A form and the service that does what it asks: `service(by=user, **cleaned_data)`; for edits also `record=`."""

    form: type[forms.BaseForm]
    service: Callable[..., models.Model]


class Clash(Exception):
    """A service was sent the same client key with another content: nothing was written (409 on pages and in the API)."""


class Ledger:
    """One ledger (台账). Subclassing with a `model` registers it; `urls()` gives its pages.

    `name` makes the URL names `<app>:<name>_list|detail|history|export|create|edit`; the permission matrix grants them in
    its section `ledgers`. `columns`, `filterset` and `sort` describe the list, `extra_export` adds columns to the file
    and to the column chooser. The API (jiyang/api) has list, row and, through `create`, creation of every ledger from this
    same declaration; `api_create` is the form where a program needs another one than the page. `bulk` are acts over a selection of rows (`BulkAction` tells how), `imports` takes rows from a table of two people
    (`jiyang.ledgers.importing.Imports`).
    """

    model: ClassVar[type[models.Model]]
    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    unit: ClassVar[str] = "条"
    noun: ClassVar[str] = "记录"
    menu_order: ClassVar[int | None] = None
    columns: ClassVar[Sequence[Column]] = ()
    extra_export: ClassVar[Sequence[Column]] = ()
    file_layouts: ClassVar[Callable[[], list]] = (
        list  # official layouts the list can be written in (`export.FileLayout`)
    )
    filterset: ClassVar[type | None] = None
    sort: ClassVar[str] = "pk"
    related: ClassVar[Sequence[str]] = ()
    empty: ClassVar[str] = "还没有记录。"
    create: ClassVar[FormFor | None] = None
    edit: ClassVar[FormFor | None] = None
    api_create: ClassVar[FormFor | None] = None
    bulk: ClassVar[Sequence[BulkAction]] = ()
    imports: ClassVar["Imports | None"] = None
    list_template: ClassVar[str] = "ledgers/list.html"
    detail_template: ClassVar[str] = "ledgers/detail.html"
    detail_view: ClassVar[type | None] = None
    own_tab: ClassVar[bool] = False  # the household's page shows these rows on a tab of their own
    create_view: ClassVar[type | None] = None

    key: ClassVar[str] = ""
    list_name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "model" not in cls.__dict__:
            return
        cls.name = cls.name or cls.model._meta.model_name
        cls.title = cls.title or str(cls.model._meta.verbose_name)
        cls.key = f"{cls.model._meta.app_label}:{cls.name}"
        cls.list_name = f"{cls.key}_list"
        cls.columns = [column.bind(cls.model) for column in cls.columns]
        cls.extra_export = [column.bind(cls.model) for column in cls.extra_export]
        registry.register(cls)
        if cls.menu_order is not None:
            navigation.register(navigation.Entry(cls.title, f"{cls.key}_list", cls.menu_order))

    @classmethod
    def rows(cls, actor: Actor) -> models.QuerySet:
        """Live rows in the actor's scope with what the columns read: the base of list, detail, export, figures, API."""
        return cls.model.objects.visible_to(actor).select_related(*cls.related)

    @classmethod
    def standing(cls, rows: models.QuerySet) -> models.QuerySet:
        """What the list shows when no figure chose the rows: of a register, those in it today."""
        return rows

    @classmethod
    def laid_out(cls, rows: models.QuerySet) -> models.QuerySet:
        """The same rows as a page reads them: where a hint that a count does not need helps the database sort."""
        return rows

    @classmethod
    def created_by_api(cls) -> FormFor | None:
        """What makes a row by the API; a page of its own (`create_view`) gives more than a form, and has none."""
        return cls.api_create or (cls.create if cls.create_view is None else None)

    @classmethod
    def is_attachable(cls) -> bool:
        """Whether photos and papers can hang on the ledger's rows: on every `Record`."""
        from jiyang.ledgers.records import Record

        return issubclass(cls.model, Record)

    @classmethod
    def attachment_pages(cls) -> tuple[str, ...]:
        """The list of a row's attachments, and adding to it where the matrix lets somebody."""
        if not cls.is_attachable():
            return ()
        return ("attachments", "attach") if f"{cls.key}_attach" in matrix().views else ("attachments",)

    @classmethod
    def shown(cls, actor: Actor) -> list[Column]:
        return columns_for(cls.columns, actor)

    @classmethod
    def exported(cls, actor: Actor) -> list[Column]:
        return columns_for([*cls.columns, *cls.extra_export], actor)

    @classmethod
    def sorts(cls, actor: Actor) -> set[str]:
        return {str(column.sort) for column in cls.shown(actor) if column.sort}

    @classmethod
    def url(cls, page: str, *args: Any) -> str:
        return reverse(f"{cls.key}_{page}", args=args)

    @classmethod
    def url_of(cls, row: models.Model) -> str:
        """Address of a row's page."""
        return cls.url("detail", row.pk)

    @classmethod
    def files_url(cls, row: models.Model) -> str:
        """Where a row's attachments are seen."""
        return cls.url("attachments", row.pk)

    @classmethod
    def name_of(cls, row: models.Model) -> str:
        """What a row is called: its linked column, else its own name."""
        linked = next((column for column in cls.columns if column.cell == "link"), None)
        return (linked.text(row) if linked else "") or str(row)

    @classmethod
    def urls(cls, prefix: str = "") -> list[URLPattern]:
        """The ledger's pages below `prefix`; those it does not offer are left out."""
        from jiyang.ledgers import attachments, list_acts, views

        prefix = prefix or f"{cls.name}/"
        pages = [
            ("list", "", views.LedgerListView),
            ("export", "export/", views.LedgerExportView),
            ("detail", "<int:pk>/", cls.detail_view or views.LedgerDetailView),
            ("history", "<int:pk>/history/", views.LedgerHistoryView),
        ]
        if cls.create:
            pages.insert(1, ("create", "new/", cls.create_view or views.LedgerCreateView))
        if cls.edit:
            pages.append(("edit", "<int:pk>/edit/", views.LedgerEditView))
        hanging = {"attachments": attachments.LedgerAttachmentsView, "attach": attachments.LedgerAttachView}
        pages += [(page, f"<int:pk>/{page}/", hanging[page]) for page in cls.attachment_pages()]
        if f"{cls.key}_reveal" in matrix().views:
            pages.append(("reveal", "<int:pk>/reveal/", views.LedgerRevealView))
        pages += [
            ("columns", "columns/", list_acts.LedgerColumnsView),
            ("save_query", "saved/", list_acts.LedgerSaveQueryView),
            ("drop_query", "saved/drop/", list_acts.LedgerDropQueryView),
        ]
        if cls.imports:
            from jiyang.ledgers import import_views

            pages += import_views.PAGES
        bulk = [
            path(
                f"{prefix}bulk/{action.key}/",
                list_acts.LedgerBulkView.as_view(ledger=cls, action=action),
                name=f"{cls.name}_{action.page}",
            )
            for action in cls.bulk
        ]
        return bulk + [
            path(prefix + route, view.as_view(ledger=cls), name=f"{cls.name}_{page}") for page, route, view in pages
        ]


@cache
def ledger_of(model: type[models.Model]) -> type[Ledger] | None:
    """The first ledger registered for a model."""
    return next((ledger for ledger in registry.ledgers() if ledger.model is model), None)
