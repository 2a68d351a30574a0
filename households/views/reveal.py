"""Showing a full number: after a stated purpose, logged, never in an address."""

from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from households.ledgers import HouseholdLedger
from households.models import Household, Person
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note
from jiyang.ledgers.columns import may_see

INVALID = 422
MODELS = {"household": Household, "person": Person}


@never_cache
@require_POST
def reveal(request: HttpRequest, pk: int) -> JsonResponse:
    """The full value of a masked field of household `pk` or one of its people. POST `of`, `row`, `field`, `purpose`."""
    household = get_object_or_404(HouseholdLedger.rows(request.actor), pk=pk)
    model, field = MODELS.get(request.POST.get("of", "")), request.POST.get("field", "")
    purpose, row = request.POST.get("purpose", "").strip(), request.POST.get("row", "")
    if model is None or field not in model.masked or not may_see(model, field, request.actor) or not row.isdecimal():
        raise Http404("没有这个字段")
    if not purpose:
        return JsonResponse({"error": "请写明用途"}, status=INVALID)
    rows = model.objects.visible_to(request.actor)
    owned = rows.filter(pk=household.pk) if model is Household else rows.filter(household=household)
    record = get_object_or_404(owned, pk=int(row))
    note(LogKind.REVEAL, obj=record, columns=field, purpose=purpose[:200])
    return JsonResponse({"value": getattr(record, field) or ""})
