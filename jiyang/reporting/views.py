from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView

from jiyang.reporting import dashboard, figures


class DashboardView(TemplateView):
    """工作台: the figures of the actor's own region and of the regions below it; every number opens its list."""

    template_name = "reporting/dashboard.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Whose roles open no figure (administrators) begin with what waits for them."""
        actor = request.actor
        if actor.roles and not any(actor.may_open(f"{one.ledger}_list") for one in figures.all_figures()):
            return redirect("workflow:tasks")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), **dashboard.build(self.request)}
