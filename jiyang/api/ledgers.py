"""The two addresses that every ledger has in the API: its list (and creation), and one row."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jiyang.api import rows
from jiyang.api.errors import Refused, fields_of, problem, summary
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.documents.models import Attachment
from jiyang.documents.storing import attach
from jiyang.documents.views import download
from jiyang.ledgers import terms
from jiyang.ledgers.attachments import attachments_of
from jiyang.ledgers.ledger import Clash, Ledger
from jiyang.ledgers.paging import PAGE, Cursor, paginate
from jiyang.ledgers.queries import query_of
from jiyang.ledgers.views import message_of
from jiyang.reporting.figures import PARAMETERS

LARGEST_PAGE = 200
OWN = {"sort", "cursor", "size", *PARAMETERS}


def name_of(ledger: type[Ledger], page: str) -> str:
    """URL name of a ledger's page in the API; its right is derived from the ledger's entry in the matrix."""
    return f"api:{ledger.key.replace(':', '_')}_{page}"


class LedgerApi(APIView):
    """Base: knows its ledger; whoever may not open an act is refused, a foreign or absent row is 404."""

    ledger: ClassVar[type[Ledger]] = None
    acts: ClassVar[dict[str, str]] = {}

    def right_of(self, method: str) -> str:
        return name_of(self.ledger, self.acts.get(method, self.acts["GET"]))

    @property
    def actor(self):
        return self.request._request.actor

    def url_of(self, row) -> str:
        return self.request.build_absolute_uri(reverse(name_of(self.ledger, "detail"), args=[rows.key_of(row)]))

    def row(self, row) -> dict:
        return rows.row_of(self.ledger.exported(self.actor), row, self.url_of(row))


class LedgerListApi(LedgerApi):
    """GET: the rows of the page's list with the same conditions, order and keyset pages. POST: a new row."""

    acts: ClassVar = {"GET": "list", "POST": "create"}

    http_method_names: ClassVar = ["get", "post", "head", "options"]

    def get(self, request: Request) -> Response:
        query, sort, size = self.asked()
        cursor = Cursor.decode(request.GET.get("cursor"))
        page = paginate(self.ledger.laid_out(query.rows), sort=sort, cursor=cursor, total=query.rows.count(), size=size)
        note(
            LogKind.EXPORT, table=self.ledger.model._meta.label_lower, purpose=purpose_of(request), rows=len(page.rows)
        )
        return Response(
            {
                "total": page.total,
                "next": self.page_url(page.next),
                "previous": self.page_url(page.previous),
                "results": [self.row(row) for row in page.rows],
            }
        )

    def asked(self):
        """The query, the order and the page size. Raises Refused for anything it does not know: no silent "all rows"."""
        asked, problems = self.request.GET, {}
        query = query_of(self.request._request, self.ledger)
        filters = set(query.filter.form.fields) if query.filter else set()
        problems |= {name: ["没有这个条件"] for name in asked if name not in filters | OWN}
        if query.filter:
            problems |= {name: list(texts) for name, texts in query.filter.form.errors.items()}
        if terms.looks_personal(asked.get("q", "")):
            problems["q"] = ["证件号码和电话不能写在地址里：先 POST /api/term/ 换成暂用词，再查"]
        sort, size = asked.get("sort") or self.ledger.sort, asked.get("size") or str(PAGE)
        if sort.lstrip("-") not in {*self.ledger.sorts(self.actor), self.ledger.sort.lstrip("-")}:
            problems["sort"] = ["不能按这一项排序"]
        if not size.isdecimal() or not 1 <= int(size[:6]) <= LARGEST_PAGE:
            problems["size"] = [f"每页行数应为 1 到 {LARGEST_PAGE}"]
        if problems:
            raise Refused(summary(problems), problems)
        return query, sort, int(size)

    def page_url(self, cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        query = {**self.request.GET.dict(), "cursor": cursor.encode()}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query)}")

    def post(self, request: Request) -> Response:
        """Through the same form and service as the page. 201 with the row; 200 where the service knew it already."""
        spec = self.ledger.created_by_api()
        if spec is None:
            raise MethodNotAllowed(request.method)
        form = spec.form(rows.form_data(spec.form(actor=self.actor), sent_in(request)), request.FILES, actor=self.actor)
        if not form.is_valid():
            raise Refused(
                summary(form.errors), {name.replace("__all__", ""): list(one) for name, one in form.errors.items()}
            )
        try:
            with transaction.atomic():
                made = spec.service(by=request.user, **form.cleaned_data)
        except ValidationError as refused:
            fields = fields_of(refused)
            raise Refused(summary(fields), fields) from refused
        except IntegrityError as clash:
            raise Refused(summary({"": [""]}), {"": [message_of(clash, self.ledger.model)]}) from clash
        except Clash as clash:
            return problem(409, "conflict", str(clash))
        record, is_new = made if isinstance(made, tuple) else (made, True)  # idempotent services say whether it is new
        answer = self.row(self.ledger.rows(self.actor).get(pk=record.pk))
        return Response(answer, status=201 if is_new else 200, headers={"Location": answer["url"]})


class LedgerDetailApi(LedgerApi):
    """One row, by its public id."""

    acts: ClassVar = {"GET": "detail"}
    http_method_names: ClassVar = ["get", "head", "options"]

    def get(self, request: Request, key) -> Response:
        return Response(self.row(row_by(self.ledger, self.actor, key)))


class LedgerAttachmentsApi(LedgerApi):
    """附件 of one row: GET lists them, POST (multipart, `file`) adds one; photos lose their metadata."""

    acts: ClassVar = {"GET": "attachments", "POST": "attach"}
    http_method_names: ClassVar = ["get", "post", "head", "options"]

    def get(self, request: Request, key) -> Response:
        found = attachments_of(row_by(self.ledger, self.actor, key), self.actor)
        return Response({"total": len(found), "results": [self.described(one) for one in found]})

    def post(self, request: Request, key) -> Response:
        record, upload = row_by(self.ledger, self.actor, key), request.FILES.get("file")
        if upload is None:
            raise Refused(summary({"file": [""]}), {"file": ["请用 multipart/form-data 发送文件，字段名 file"]})
        try:
            made = attach(record=record, upload=upload, by=request.user)
        except ValidationError as refused:
            raise Refused(summary({"file": refused.messages}), {"file": refused.messages}) from refused
        return Response(self.described(made), status=201)

    def described(self, one: Attachment) -> dict:
        url = self.request.build_absolute_uri(reverse("api:attachment", args=[one.public_id]))
        facts = {"id": str(one.public_id), "url": url, "name": one.name, "mime": one.mime, "size": one.size}
        return {**facts, "kind": {"code": one.kind, "label": one.get_kind_display()}, "sha256": one.sha256}


class AttachmentApi(APIView):
    """The bytes of an attachment in scope; every download is logged."""

    def right_of(self, method: str) -> str:
        return "api:attachment"

    def get(self, request: Request, public_id):
        return download(request._request, public_id)


def row_by(ledger: type[Ledger], actor, key):
    """The row of a ledger in scope that the API calls `key`. Raises Http404."""
    lookup = {"public_id": key} if rows.has_public_id(ledger.model) else {"pk": key}
    return get_object_or_404(ledger.rows(actor), **lookup)


def sent_in(request: Request) -> dict:
    """The members of the request's body, files left out. Raises Refused for a body that is no object."""
    if not hasattr(request.data, "items"):
        raise Refused("请求内容应为一个 JSON 对象")
    if hasattr(request.data, "lists"):
        found = {name: values if len(values) > 1 else values[0] for name, values in request.data.lists()}
    else:
        found = dict(request.data)
    return {name: value for name, value in found.items() if name not in request.FILES}


def purpose_of(request: Request) -> str:
    return f"接口：{request.auth.name}" if request.auth else "接口：网页会话"


def key_converter(ledger: type[Ledger]) -> str:
    return "uuid" if rows.has_public_id(ledger.model) else "int"
