"""户状态差异: what a nightly re-derivation corrected, household by household."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from households.models import StateDifference
from jiyang.schedules.models import JobRun

PAGE = 50


class DifferencesView(TemplateView):
    """The differences of one run (`?run=`), newest attempt first, in the actor's scope."""

    template_name = "households/differences.html"

    def get_context_data(self, **kwargs) -> dict:
        actor, key = self.request.actor, self.request.GET.get("run", "")
        if not key.isdecimal() or len(key) > 15:
            raise Http404("没有这次运行")
        run = get_object_or_404(JobRun.objects.visible_to(actor).select_related("region"), pk=key)
        rows = StateDifference.objects.visible_to(actor).filter(run=run)
        rows = rows.select_related("household", "town", "village").order_by("-attempt", "pk")
        return {
            **super().get_context_data(**kwargs),
            "title": "户状态差异",
            "run": run,
            "see_values": "income" in actor.field_groups,
            "page": Paginator(rows, PAGE).get_page(self.request.GET.get("page")),
        }
