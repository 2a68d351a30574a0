"""Token log-in of the API: the request gets its user before scope and rights are decided."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from jiyang.accounts.backends import PostedBackend
from jiyang.api import services
from jiyang.api.errors import is_api, problem
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note

SCHEMES = {"token", "bearer"}


class TokenMiddleware(MiddlewareMixin):
    """`Authorization: Token …` (or Bearer) on an address of the API acts as the token's user; a wrong one is 401.

    `request.api_token` is the token in use, None for a session.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        request.api_token = None
        scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
        if not is_api(request) or scheme.lower() not in SCHEMES:
            return None
        token = services.find(plain.strip())
        user = PostedBackend().get_user(token.user_id) if token else None
        if user is None:
            note(LogKind.LOGIN_FAILED, table="api.apitoken", address=request.META.get("REMOTE_ADDR"))
            return problem(401, "token_invalid", "令牌无效、已过期或已撤销")
        if user.must_change_password:
            return problem(403, "password_change_required", "首次登录须先在网页上修改密码")
        request.user, request.api_token = user, token
        return None
