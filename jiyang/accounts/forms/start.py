from django import forms

from jiyang.accounts.forms.manage import UserForm
from jiyang.accounts.passwords import StrengthValidator
from jiyang.ui.forms import KernelForm

NEW = {"autocomplete": "new-password"}


class NewPasswordForm(KernelForm):
    """A new password, twice."""

    new = forms.CharField(
        label="密码", help_text=StrengthValidator().get_help_text(), widget=forms.PasswordInput(attrs=NEW)
    )
    again = forms.CharField(label="再输一次密码", widget=forms.PasswordInput(attrs=NEW))

    def clean(self) -> dict:
        data = super().clean()
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", "两次输入的密码不一致")
        return data


class FirstUserForm(NewPasswordForm, UserForm):
    """The first administrator's account."""

    field_order = ("username", "name", "office", "new", "again")
