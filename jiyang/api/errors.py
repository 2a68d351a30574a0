"""Errors of the API in one shape: `{"error": {"code", "message", "fields"}}`, in Chinese, whoever raises them."""

from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig, ValidationError
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions

PREFIX = "/api/"
MESSAGES = {
    exceptions.NotAuthenticated: "没有登录：请在请求头 Authorization 中带令牌，或先登录",
    exceptions.NotFound: "没有找到，或不在本人管辖范围内",
    exceptions.PermissionDenied: "本岗位没有这项权限",
    exceptions.ParseError: "请求内容不是有效的 JSON",
    exceptions.UnsupportedMediaType: "请求内容的类型不对：请用 application/json，带文件时用 multipart/form-data",
    exceptions.MethodNotAllowed: "这个地址不支持这种请求方法",
    exceptions.NotAcceptable: "只能返回 application/json",
}


class Refused(exceptions.APIException):
    """422: what was sent cannot be taken; `fields` holds every reason by field name."""

    status_code, default_code = 422, "invalid"

    def __init__(self, message: str, fields: dict[str, list[str]] | None = None):
        self.message, self.fields = message, fields or {}
        super().__init__(message)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(PREFIX)


def problem(status: int, code: str, message: str, fields: dict[str, list[str]] | None = None) -> JsonResponse:
    """The answer of every refused call. `code` is for programs, `message` for people."""
    body = {"error": {"code": code, "message": message, "fields": fields or {}}}
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    if status == exceptions.NotAuthenticated.status_code:
        response["WWW-Authenticate"] = "Token"
    return response


def fields_of(refused: ValidationError) -> dict[str, list[str]]:
    """Reasons by field; those of no field stand under `""`."""
    if hasattr(refused, "error_dict"):
        return {"" if name == NON_FIELD_ERRORS else name: texts for name, texts in refused.message_dict.items()}
    return {"": refused.messages}


def summary(fields: dict[str, list[str]]) -> str:
    return f"有 {sum(len(texts) for texts in fields.values())} 处需要改正"


def handler(failure: Exception, context: dict) -> JsonResponse | None:
    """REST framework's exception handler; None leaves the failure to the 500 page, which answers the API alike."""
    if isinstance(failure, Refused):
        return problem(failure.status_code, failure.default_code, failure.message, failure.fields)
    if isinstance(failure, ValidationError):
        fields = fields_of(failure)
        return problem(422, "invalid", summary(fields), fields)
    if isinstance(failure, RequestDataTooBig):
        return problem(413, "too_large", "请求内容过大")
    if isinstance(failure, Http404):
        return problem(404, "not_found", MESSAGES[exceptions.NotFound])
    if isinstance(failure, DjangoPermissionDenied):
        return problem(403, "permission_denied", str(failure) or MESSAGES[exceptions.PermissionDenied])
    if isinstance(failure, exceptions.Throttled):
        response = problem(429, "throttled", f"请求太多，请 {int(failure.wait or 0) + 1} 秒后再试")
        response["Retry-After"] = str(int(failure.wait or 0) + 1)
        return response
    if isinstance(failure, exceptions.APIException):
        text = MESSAGES.get(type(failure), str(failure.detail))
        return problem(
            failure.status_code, failure.get_codes() if isinstance(failure.get_codes(), str) else "error", text
        )
    return None
