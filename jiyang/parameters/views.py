from django.utils import timezone
from django.views.generic import TemplateView

from jiyang.parameters.models import Parameter


class ParameterListView(TemplateView):
    """参数: every value with its dates, source and badge; what is unconfirmed names who is to confirm it (DOMAIN.md 18)."""

    template_name = "parameters/list.html"

    def get_context_data(self, **kwargs) -> dict:
        today = timezone.localdate()
        rows = list(Parameter.objects.select_related("confirmed_by"))
        current = {row.pk for row in Parameter.objects.on(today)}
        found = [{"row": row, "in_force": row.pk in current} for row in rows]
        unconfirmed = sum(not row.is_confirmed for row in rows)
        return {**super().get_context_data(**kwargs), "title": "参数", "parameters": found, "unconfirmed": unconfirmed}
