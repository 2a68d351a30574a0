"""The API's own pages: its document for programs and for people, and the tokens of its users."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jiyang.api import openapi, services
from jiyang.api.errors import Refused
from jiyang.api.forms import TokenForm
from jiyang.ledgers import terms

INVALID, MOST = 422, 200


class SchemaApi(APIView):
    """The OpenAPI document of what the caller may use."""

    def right_of(self, method: str) -> str:
        return "api:schema"

    def get(self, request: Request) -> Response:
        return Response(openapi.document(request._request))


class TermApi(APIView):
    """A personal number becomes a term that may stand in an address (`q`), for this user and 15 minutes."""

    def right_of(self, method: str) -> str:
        return "api:term"

    def post(self, request: Request) -> Response:
        term = str(request.data.get("q", "")).strip() if hasattr(request.data, "get") else ""
        if not terms.looks_personal(term):
            raise Refused("有 1 处需要改正", {"q": ["应为证件号码或电话；其他查找词直接写在 q 里"]})
        return Response({"q": terms.hide(term, request.user.pk)})


class GuideView(TemplateView):
    """接口说明 for people, from the same document."""

    template_name = "api/guide.html"

    def get_context_data(self, **kwargs) -> dict:
        found = openapi.document(self.request)
        calls = [
            {"method": method.upper(), "path": path, **call, "fields": fields_of(call)}
            for path, methods in found["paths"].items()
            for method, call in methods.items()
        ]
        return {
            **super().get_context_data(**kwargs),
            "title": "接口与令牌",
            "calls": calls,
            "schemas": [one for name, one in found["components"]["schemas"].items() if name != "Error"],
            "server": found["servers"][0]["url"],
        }


def fields_of(call: dict) -> list[dict]:
    """What a call takes, as lines of a table: name, meaning, whether it must be there."""
    asked = [
        {"name": one["name"], "text": one.get("description", ""), "required": one.get("required", False)}
        for one in call.get("parameters", [])
    ]
    for content in call.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        return asked + [
            {"name": name, "text": "；".join(filter(None, (one.get("title"), one.get("description")))), "required": name in schema.get("required", [])}
            for name, one in schema["properties"].items()
        ]  # fmt: skip
    return asked


class TokensView(TemplateView):
    """本人的令牌: issue one (its text stands on the answer of the POST, once), and see one's own."""

    template_name = "api/tokens.html"

    def get_context_data(self, **kwargs) -> dict:
        mine = services.tokens_of(self.request.user)[:MOST]
        form = kwargs.pop("form", None) or TokenForm(actor=self.request.actor)
        return {**super().get_context_data(**kwargs), "title": "接口令牌", "tokens": mine, "form": form}

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TokenForm(request.POST, actor=request.actor)
        if form.is_valid():
            try:
                token, plain = services.issue(by=request.user, **form.cleaned_data)
            except ValidationError as refused:
                form.add_error(None, refused)
            else:
                return self.render_to_response(self.get_context_data(issued=token, plain=plain))
        return self.render_to_response(self.get_context_data(form=form), status=INVALID)

    @classmethod
    def as_view(cls, **kwargs):
        return never_cache(super().as_view(**kwargs))


class AllTokensView(TemplateView):
    """全部令牌 in use, for the system administrator."""

    template_name = "api/all_tokens.html"

    def get_context_data(self, **kwargs) -> dict:
        found = services.tokens_in_use()[:MOST]
        return {**super().get_context_data(**kwargs), "title": "在用的接口令牌", "tokens": found}


class RevokeView(View):
    """撤销: one's own."""

    http_method_names: ClassVar = ["post", "options"]
    is_admin, back = False, "api:tokens"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        tokens = services.tokens_in_use() if self.is_admin else services.tokens_of(request.user)
        services.revoke(token=get_object_or_404(tokens, pk=pk), by=request.user, is_admin=self.is_admin)
        return redirect(self.back)


class AdminRevokeView(RevokeView):
    """撤销 anybody's."""

    is_admin, back = True, "api:all_tokens"
