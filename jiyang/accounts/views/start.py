"""The page behind a one-time link: no log-in, one use."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.generic import View

from jiyang.access.matrix import matrix
from jiyang.access.scope import system_scope
from jiyang.accounts.forms.start import FirstUserForm, NewPasswordForm
from jiyang.accounts.services import links

GONE, INVALID = 410, 422


class StartView(View):
    """首次设置: the link's role or user decides what is asked."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        link = links.open_link(token)
        if link is None:
            return self.gone(request)
        return self.page(request, link, self.form(link))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        link = links.open_link(token)
        if link is None:
            return self.gone(request)
        form = self.form(link, request.POST)
        if form.is_valid():
            answers = dict(form.cleaned_data)
            answers.pop("again")
            try:
                with system_scope("一次性链接"):
                    links.use_link(token=token, password=answers.pop("new"), **answers)
            except ValidationError as refused:
                form.add_error(None, refused)
            else:
                return redirect("accounts:login")
        return self.page(request, link, form, INVALID)

    @staticmethod
    def form(link, data=None):
        return (NewPasswordForm if link.user_id else FirstUserForm)(data, actor=None)

    @staticmethod
    def page(request: HttpRequest, link, form, status: int = 200) -> HttpResponse:
        role = matrix().roles.get(link.role)
        title = f"建立首个{role.title}账号" if role else f"为 {link.user.username} 设置新密码"
        response = render(request, "accounts/start.html", {"form": form, "title": title, "link": link}, status=status)
        response["Cache-Control"] = "no-store"
        return response

    @staticmethod
    def gone(request: HttpRequest) -> HttpResponse:
        context = {"title": "链接已失效", "text": "链接已经用过或过期，请在服务器上重新生成。"}
        return render(request, "ui/error.html", context, status=GONE)
