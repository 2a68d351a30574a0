"""Jobs of the figures: the numbers of a month are kept as they stood when it was over."""

from jiyang.reporting.stored import store_figures
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import scheduled


@scheduled(
    "figures.month",
    cron="30 0 1 * *",
    per="district",
    period="month",
    ended=True,
    every=True,
    title="存储月末指标",
    results="reporting:stored",
)
def store_month(run: JobRun) -> dict[str, int]:
    """Store every figure of the run's last day; a value stored before that counts differently now is noted."""
    outcome = store_figures(run.span.last, district=run.region, run=str(run.pk))
    for difference in outcome.differences:
        run.note(str(difference))
    return {"新存": outcome.written, "已存且一致": outcome.same, "已存但现在不同": len(outcome.differences)}
