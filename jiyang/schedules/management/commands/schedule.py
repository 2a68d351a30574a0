import json
import sys

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.utils import timezone

from jiyang.regions.models import Region
from jiyang.schedules import overview, running, services
from jiyang.schedules.enums import RunState
from jiyang.schedules.models import JobRun
from jiyang.schedules.registry import UnknownJob, get


class Command(BaseCommand):
    help = (
        "schedule list [--json]: jobs with last and next run. "
        "schedule run JOB --period P [--region CODE] [--json]: run a period here and now, unless it is done already. "
        "schedule alive: exit 1 when neither beat nor a worker has looked for five minutes."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("action", choices=["list", "run", "alive"])
        parser.add_argument("job", nargs="?")
        parser.add_argument("--period", help="e.g. 2021-10-26, 2021-10, 2021-10-26T13; default: the one due last")
        parser.add_argument("--region", help="code or name of a district or town")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        if options["action"] == "list":
            self._list(options["json"])
            return
        if options["action"] == "alive":
            sys.exit(1 if overview.is_silent(timezone.now()) else 0)
        try:
            run, ran = self._run(options)
        except (UnknownJob, ValidationError, running.Busy) as refused:
            message = "；".join(refused.messages) if isinstance(refused, ValidationError) else str(refused)
            self._answer({"error": {"code": type(refused).__name__, "message": message}}, message, options["json"])
            sys.exit(2)
        line = {**overview.row(run), "ran": ran}
        self._answer(line, f"{run}：{run.get_state_display()} {run.error or run.summary}", options["json"])
        if run.state != RunState.DONE:
            sys.exit(1)

    def _answer(self, data, text: str, as_json: bool) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False, default=str) if as_json else text)

    def _list(self, as_json: bool) -> None:
        found = overview.jobs_with_runs(timezone.now())
        lines = [overview.line(one) for one in found]
        text = "\n".join(f"{one['job']:28}{one['cron']:16}{one['next'] or '—':28}{one['title']}" for one in lines)
        self._answer(lines, text, as_json)

    def _run(self, options: dict) -> tuple[JobRun, bool]:
        """The ledger row after the run, and whether it ran now. A failed period is tried again."""
        job = get(options["job"] or "")
        period = services.parse_period(job, options["period"] or str(job.period_of(timezone.now())))
        region = _region(options["region"])
        services.check_region(job, region)
        JobRun.objects.bulk_create([JobRun(job=job.key, period=str(period), region=region)], ignore_conflicts=True)
        rows = JobRun.objects.filter(job=job.key, period=str(period), region=region)
        rows.filter(state__in=[RunState.FAILED, RunState.SKIPPED]).update(state=RunState.WAITING)
        before = rows.get()
        after = running.execute(before.pk)
        return after, after.attempt > before.attempt


def _region(text: str | None) -> Region | None:
    if not text:
        return None
    found = [*Region.objects.live().filter(code__startswith=text)[:2]] if text.isdigit() else []
    found = [one for one in found if one.code.rstrip("0") == text.rstrip("0")] or [
        *Region.objects.live().filter(name=text)[:2]
    ]
    if len(found) != 1:
        raise ValidationError(f"没有区划 {text}")
    return found[0]
