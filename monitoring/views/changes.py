"""Proposing a change of the register and deciding on it."""

from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from households.views.acts import INVALID, HouseholdActView
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.ledgers.terms import is_key
from jiyang.workflow.views import DecideView, WithdrawView
from monitoring.enums import Subject
from monitoring.forms import ChangeForm
from monitoring.models import RegisterChange, Visit
from monitoring.services import changes


class ChangeNewView(HouseholdActView):
    """提出信息变更 of one household; `?visit=` names the visit it comes from, `?subject=` chooses the field."""

    form_class, model = ChangeForm, RegisterChange
    title, verb, tab = "提出信息变更", "提交复核", "visits"
    explanation = "走访所见与登记簿不一致时提出；由另一位同志对照两个值复核，同意后写入登记簿，走访记录不变。"

    def get_initial(self) -> dict:
        _ = self.visit  # a visit that is not this household's is absent, before anything is typed
        subject = self.request.GET.get("subject", "")
        return {"subject": subject} if subject in Subject.values else {}

    @property
    def visit(self) -> Visit | None:
        number = self.request.GET.get("visit", "")
        if not number:
            return None
        rows = Visit.objects.visible_to(self.request.actor).filter(household=self.household)
        found = rows.filter(pk=int(number)).first() if is_key(number) else None
        if found is None:
            raise Http404("没有这次走访")
        return found

    def do(self, form: ChangeForm) -> str:
        from monitoring.ledgers import ChangeLedger

        change = changes.propose(household=self.household, by=self.request.user, visit=self.visit, **form.cleaned_data)
        return ChangeLedger.url_of(change)


@never_cache
@require_POST
def reveal(request: HttpRequest, pk: int) -> JsonResponse:
    """A proposed or former telephone number in full, for a stated purpose and logged. POST `field`, `purpose`."""
    change = get_object_or_404(RegisterChange.objects.visible_to(request.actor), pk=pk, subject=Subject.PHONE)
    field, purpose = request.POST.get("field", ""), request.POST.get("purpose", "").strip()
    if field not in RegisterChange.masked:
        raise Http404("没有这个字段")
    if not purpose:
        return JsonResponse({"error": "请写明用途"}, status=INVALID)
    note(LogKind.REVEAL, obj=change, columns=field, purpose=purpose[:200])
    return JsonResponse({"value": getattr(change, field) or ""})


class ChangeDecideView(DecideView):
    service = changes.decide


class ChangeWithdrawView(WithdrawView):
    pass
