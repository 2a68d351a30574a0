"""Log-in, log-out, one's own password."""

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.contrib.auth.views import LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.generic import FormView

from jiyang.accounts import services
from jiyang.accounts.forms.login import LoginForm, PasswordForm
from jiyang.accounts.services import sessions
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note

LOCKED_STATUS = 429
INVALID_STATUS = 422


class LoginView(DjangoLoginView):
    form_class, template_name = LoginForm, "accounts/login.html"
    redirect_authenticated_user = True

    def form_invalid(self, form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=INVALID_STATUS)


class PasswordView(FormView):
    """修改密码, forced at the first log-in."""

    form_class, template_name = PasswordForm, "accounts/password.html"

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form) -> HttpResponse:
        try:
            services.change_password(
                user=self.request.user, password=form.cleaned_data["new"], keep=self.request.session.session_key
            )
        except ValidationError as refused:
            form.add_error("new", refused)
            return self.form_invalid(form)
        former = self.request.session.session_key
        update_session_auth_hash(self.request, self.request.user)
        sessions.rekey(former=former, session=self.request.session)
        return redirect("home")

    def form_invalid(self, form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=INVALID_STATUS)


def locked(request: HttpRequest, response=None, credentials: dict | None = None, *args, **kwargs) -> HttpResponse:
    """The answer while an account is locked (axes calls it)."""
    note(LogKind.LOCKED, table="accounts.user", purpose=(credentials or {}).get("username", "")[:200])
    return render(request, "accounts/locked.html", status=LOCKED_STATUS)


logout = LogoutView.as_view()
