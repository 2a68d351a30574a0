"""One question, one act: the form of an act on an account or a posting (KERNEL.md: one URL per act)."""

from typing import ClassVar

from django import forms

from jiyang.accounts.forms.manage import ConfirmForm
from jiyang.ledgers.ledger import FormFor
from jiyang.ledgers.views import LedgerFormView


class ActView(LedgerFormView):
    """Shows what the act does and asks what it needs; `act(record, **answers)` does it; `done()` answers.

    `words` is the title and `button` the act's verb; `told` says beforehand what it entails.
    """

    template_name = "accounts/act.html"
    form: ClassVar[type[forms.BaseForm]] = ConfirmForm
    words: ClassVar[str] = ""
    button: ClassVar[str] = ""
    told: ClassVar[str] = ""
    danger: ClassVar[bool] = False

    @property
    def spec(self) -> FormFor:
        return FormFor(self.form, self.act)

    def act(self, record, **answers):
        raise NotImplementedError

    def form_kwargs(self) -> dict:
        return {"record": self.get_object()}

    def save(self, form):
        self.act(self.get_object(), **form.cleaned_data)
        return self.get_object()

    def get_context_data(self, **kwargs) -> dict:
        return {
            **super().get_context_data(**kwargs),
            "title": self.words, "record": self.get_object(), "button": self.button or self.words, "told": self.told,
            "danger": self.danger, "back_url": self.ledger.url_of(self.get_object()),
        }  # fmt: skip
