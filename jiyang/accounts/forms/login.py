from django import forms
from django.contrib.auth.forms import AuthenticationForm

from jiyang.accounts.passwords import StrengthValidator


class LoginForm(AuthenticationForm):
    """账号登录."""

    error_messages = {
        "invalid_login": "账号或密码不对。连续输错 5 次，账号锁定 30 分钟",
        "inactive": "账号已停用，请联系系统管理员",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label, self.fields["password"].label = "账号", "密码"
        self.fields["username"].error_messages["required"] = "请输入账号"
        self.fields["password"].error_messages["required"] = "请输入密码"


class PasswordForm(forms.Form):
    """修改密码: the present one, and the new one twice."""

    old = forms.CharField(label="现在的密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    new = forms.CharField(
        label="新密码",
        help_text=StrengthValidator().get_help_text(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(label="再输一次新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old(self) -> str:
        if not self.user.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError("现在的密码不对")
        return self.cleaned_data["old"]

    def clean(self) -> dict:
        data = super().clean()
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", "两次输入的新密码不一致")
        return data
