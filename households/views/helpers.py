"""A helper's page: the households they look after now and did before, with the form that hands them over."""

from households.forms.pairings import PairForm
from households.models import Pairing
from jiyang.ledgers.views import LedgerDetailView


class HelperDetailView(LedgerDetailView):
    """A helper, the households they look after now and did before; POST hands the chosen ones over."""

    def get_queryset(self):
        return super().get_queryset().select_related("user")

    def get_context_data(self, **kwargs) -> dict:
        helper, actor = self.get_object(), self.actor
        rows = Pairing.objects.visible_to(actor).filter(helper=helper)
        rows = rows.select_related("household__state", "household__village").order_by("household__village__code", "pk")
        may_pair = actor.may_open("households:hand_over")
        form = kwargs.pop("form", None) or self.form() if may_pair else None
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "paired": [one for one in rows if one.until is None],
            "former": [one for one in rows if one.until is not None],
            "form": form,
            "chosen": self.request.POST.getlist("household"),
        }

    def form(self, data=None) -> PairForm:
        form = PairForm(data, actor=self.actor)
        form.fields["helper"].queryset = form.fields["helper"].queryset.exclude(pk=self.get_object().pk)
        return form
