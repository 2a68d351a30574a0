"""认定分类 of one household; the district's confirmations."""

from django.contrib import messages
from django.core.exceptions import ValidationError

from households.forms.tiers import TierForm
from households.ledgers import TierChangeLedger
from households.models import TierChange
from households.services import tiers
from households.views.acts import HouseholdActView
from jiyang.workflow.views import DecideView, WithdrawView


class TierView(HouseholdActView):
    form_class, model = TierForm, TierChange
    title, verb = "认定分类", "认定"
    explanation = "进入或退出 A 类由区级另一位同志确认后生效，其他调整当即生效。"

    def get_initial(self) -> dict:
        """What a suggestion says (`?tier=A&reason=…`) is filled in."""
        return {name: self.request.GET[name] for name in ("tier", "reason") if self.request.GET.get(name)}

    def do(self, form: TierForm) -> None:
        outcome = tiers.ask_for_tier(rows=[self.household], by=self.request.user, **form.cleaned_data)
        if outcome.refused:
            raise ValidationError(list(outcome.refused.values()))
        if outcome.note:
            messages.info(self.request, "已报区级确认，确认后生效")


class TierConfirmView(DecideView):
    ledger, service = TierChangeLedger, tiers.confirm


class TierWithdrawView(WithdrawView):
    ledger = TierChangeLedger
