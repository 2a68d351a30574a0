"""The OpenAPI 3.1 document of the API, made from the ledgers themselves: what this user may call, and nothing else."""

from django.http import HttpRequest
from django.urls import reverse

from jiyang.access.scope import Actor
from jiyang.api import rows
from jiyang.api.ledgers import LARGEST_PAGE, name_of
from jiyang.ledgers import registry
from jiyang.ledgers.ledger import Ledger
from jiyang.ledgers.paging import PAGE

JSON = "application/json"
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            },
        }
    },
}
REFUSALS = {
    "401": "没有登录，或令牌无效",
    "403": "岗位没有这项权限",
    "404": "没有找到，或不在管辖范围内",
    "409": "同一编号已用于另一份内容",
    "413": "内容过大",
    "422": "内容需要改正，fields 按字段列出全部原因",
    "429": "请求太多",
}


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "记录的 id"}
FILE = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("id", "url", "name", "mime", "sha256")},
        "size": {"type": "integer"},
        "kind": rows.CODED,
    },
}


def document(request: HttpRequest) -> dict:
    """The document for the request's actor."""
    actor = request.actor
    paths, schemas = {}, {"Error": ERROR}
    for ledger in registry.ledgers():
        if actor.may_open(name_of(ledger, "list")):
            schemas[schema_name(ledger)] = row_schema(ledger, actor)
            paths |= paths_of(ledger, request)
    return {
        "openapi": "3.1.0",
        "info": {"title": "济阳区防返贫帮扶管理平台接口", "version": "1", "description": "数据按令牌所属用户的岗位和管辖范围输出，证件号码和电话按掩码输出，每次读取都记入调阅日志。"},
        "servers": [{"url": request.build_absolute_uri("/").rstrip("/")}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": schema_name(one), "description": one.title} for one in registry.ledgers() if schema_name(one) in schemas],
        "paths": paths | figures_path() | term_path(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "在“接口与令牌”页签发；Token 与 Bearer 两种写法都可以"},
                "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
            },
            "responses": {code: {"description": text, "content": {JSON: {"schema": ref("Error")}}} for code, text in REFUSALS.items()},
        },
    }  # fmt: skip


def schema_name(ledger: type[Ledger]) -> str:
    return ledger.key.replace(":", "_")


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def answers(schema: dict, *refusals: str, status: str = "200", text: str = "结果") -> dict:
    found = {status: {"description": text, "content": {JSON: {"schema": schema}}}}
    return found | {code: {"$ref": f"#/components/responses/{code}"} for code in ("401", "403", *refusals, "429")}


def row_schema(ledger: type[Ledger], actor: Actor) -> dict:
    """The members that the actor sees: the same columns as on the pages."""
    columns = {column.path: rows.column_schema(column) for column in ledger.exported(actor)}
    key = {"type": "string", "format": "uuid"} if rows.has_public_id(ledger.model) else {"type": "string"}
    own = {"id": key, "url": {"type": "string", "format": "uri"}, "version": {"type": ["integer", "null"]}}
    return {"type": "object", "title": ledger.title, "properties": own | columns, "required": [*own, *columns]}


def paths_of(ledger: type[Ledger], request: HttpRequest) -> dict:
    tag, address = schema_name(ledger), reverse(name_of(ledger, "list"))
    page = {
        "type": "object",
        "required": ["total", "next", "previous", "results"],
        "properties": {
            "total": {"type": "integer"},
            "next": {"type": ["string", "null"], "format": "uri"},
            "previous": {"type": ["string", "null"], "format": "uri"},
            "results": {"type": "array", "items": ref(tag)},
        },
    }
    listed = {
        "get": {
            "operationId": f"{tag}_list",
            "summary": f"{ledger.title}：列表",
            "tags": [tag],
            "parameters": parameters(ledger, request),
            "responses": answers(page, "422"),
        }
    }
    spec = ledger.created_by_api()
    if spec and request.actor.may_open(name_of(ledger, "create")):
        listed["post"] = creation(ledger, spec, request, tag)
    one = {
        "operationId": f"{tag}_detail",
        "summary": f"{ledger.title}：一条",
        "tags": [tag],
        "parameters": [ID],
        "responses": answers(ref(tag), "404"),
    }
    found = {address: listed, f"{address}{{id}}/": {"get": one}}
    return found | attachment_paths(ledger, request.actor, f"{address}{{id}}/attachments/", tag)


def attachment_paths(ledger: type[Ledger], actor: Actor, address: str, tag: str) -> dict:
    """Files of a row: their list, and adding one."""
    if not ledger.is_attachable() or not actor.may_open("api:attachment"):
        return {}
    listed = {
        "type": "object",
        "properties": {"total": {"type": "integer"}, "results": {"type": "array", "items": FILE}},
    }
    common = {"tags": [tag], "parameters": [ID]}
    found = {
        "get": {
            **common,
            "operationId": f"{tag}_attachments",
            "summary": f"{ledger.title}：附件",
            "responses": answers(listed, "404"),
        }
    }
    if actor.may_open(name_of(ledger, "attach")):
        file = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        found["post"] = {
            **common,
            "operationId": f"{tag}_attach",
            "summary": f"{ledger.title}：添加附件（照片、PDF、docx、xlsx，不超过 10 MB）",
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": file}}},
            "responses": answers(FILE, "404", "422", status="201", text="已收下"),
        }
    return {address: found}


def creation(ledger: type[Ledger], spec, request: HttpRequest, tag: str) -> dict:
    schema = rows.form_schema(spec.form(actor=request.actor))
    has_file = any(one.get("format") == "binary" for one in schema["properties"].values())
    kinds = ["multipart/form-data"] if has_file else []
    return {
        "operationId": f"{tag}_create",
        "summary": f"新建{ledger.noun}",
        "tags": [tag],
        "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in [JSON, *kinds]}},
        "responses": answers(ref(tag), "409", "413", "422", status="201", text="已登记")
        | {"200": {"description": "同一份内容此前已登记，返回原记录", "content": {JSON: {"schema": ref(tag)}}}},
    }


def parameters(ledger: type[Ledger], request: HttpRequest) -> list[dict]:
    """Conditions of the list: the filters of its page, order and page."""
    found = []
    if ledger.filterset:
        bound = ledger.filterset({}, ledger.model.objects.none(), request=request)
        found += [query_parameter(name, rows.field_schema(field)) for name, field in bound.form.fields.items()]
    sorts = sorted(ledger.sorts(request.actor))
    orders = [*sorts, *(f"-{one}" for one in sorts)]
    return [
        *found,
        query_parameter("sort", {"type": "string", "enum": orders, "title": "排序", "default": ledger.sort}),
        query_parameter(
            "size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE, "title": "每页行数"}
        ),
        query_parameter("cursor", {"type": "string", "title": "翻页位置，取自 next 或 previous"}),
    ]


def query_parameter(name: str, schema: dict) -> dict:
    text = "；".join(part for part in (schema.pop("title", ""), schema.get("description", "")) if part)
    return {"name": name, "in": "query", "schema": schema, "description": text}


def term_path() -> dict:
    body = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    return {
        reverse("api:term"): {
            "post": {
                "operationId": "term",
                "summary": "证件号码或电话换成 15 分钟有效的暂用词，供 q 条件使用",
                "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
                "responses": answers(body, "422"),
            }
        }
    }


def figures_path() -> dict:
    number = {
        "type": "object",
        "properties": {
            **{name: {"type": "string"} for name in ("key", "title", "unit", "moment", "url")},
            "value": {"type": "integer"},
            "parts": {"type": "array", "items": {"type": "object"}},
            "areas": {"type": "array", "items": {"type": "object"}},
        },
    }
    answer = {
        "type": "object",
        "properties": {"as_of": {"type": "string"}, "results": {"type": "array", "items": number}},
    }
    return {
        reverse("api:figures"): {
            "get": {
                "operationId": "figures",
                "summary": "指标：工作台上的数，各带其名单的地址",
                "parameters": [
                    query_parameter(
                        "as_of", {"type": "string", "format": "date", "title": "截至日期，默认今天；按月的指标取该月"}
                    ),
                    query_parameter(
                        "by", {"type": "string", "enum": ["town", "village"], "title": "再按镇街或行政村分开"}
                    ),
                ],
                "responses": answers(answer, "422"),
            }
        }
    }
