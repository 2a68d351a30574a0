"""What REST framework is told of the log-in that the middleware has already done."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.throttling import UserRateThrottle


class RequestAuthentication(SessionAuthentication):
    """The request's user: of a token as it is, of a session only with the CSRF token (for what writes)."""

    def authenticate(self, request):
        token = getattr(request._request, "api_token", None)
        if token is not None:
            return request._request.user, token
        return super().authenticate(request)

    def authenticate_header(self, request) -> str:
        return "Token"


class MatrixPermission(BasePermission):
    """The permission matrix decides each act of a view; `view.right_of(method)` names the act's entry."""

    message = "本岗位没有这项权限"

    def has_permission(self, request, view) -> bool:
        actor = request._request.actor
        return actor is not None and actor.may_open(view.right_of(request.method))


class PerUser(UserRateThrottle):
    """So many calls a minute for each user (setting `JIYANG_API_RATE`)."""
