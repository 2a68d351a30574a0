from django.views.generic import TemplateView

from jiyang.reporting import dashboard


class DashboardView(TemplateView):
    """工作台: the figures of the actor's own region and of the regions below it; every number opens its list."""

    template_name = "reporting/dashboard.html"

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), **dashboard.build(self.request)}
