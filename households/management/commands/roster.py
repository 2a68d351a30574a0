import datetime as dt
import json
import sys
from pathlib import Path

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from households.roster import absences, committing, jobs, plan, reversing
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.intake import acts
from jiyang.intake.enums import PlanMode
from jiyang.intake.findings import kinds
from jiyang.intake.header import Choice
from jiyang.intake.models import Batch
from jiyang.intake.reader import FileRefused
from jiyang.intake.services import mapping_of
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.runtime.benchmarks import peak_mb

UNREADABLE = 2


def choice_of(options: dict) -> Choice:
    """What the caller says about how to read the file."""
    return Choice(options["layout"] or "", options["sheet"], options["header_row"])


WHAT = {
    "approve": "Agree to what another person has asked for: the import of a checked batch, or its undo.",
    "undo": "Ask for a batch to be taken back (of one taken back: for its return). Another person agrees with `approve`.",
}


class Command(BaseCommand):
    help = (
        "roster check FILE… | import FILE --by USER | approve ID --by USER | undo ID --by USER --reason TEXT."
        " An undo is asked for by one person and agreed to by another (approve ID); of a batch taken back it asks for its return."
    )

    def add_arguments(self, parser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser("check")
        check.add_argument("files", nargs="+", type=Path)
        check.add_argument("--as-of", type=dt.date.fromisoformat)
        check.add_argument("--alone", action="store_true", help="do not compare with the register")
        take = actions.add_parser("import")
        for sub in (check, take):
            sub.add_argument("--layout", choices=sorted(jobs.LAYOUTS))
            sub.add_argument("--sheet", default="", help="the sheet to read (default: found)")
            sub.add_argument("--header-row", type=int, help="the heading's row as Excel shows it (default: found)")
        take.add_argument("file", type=Path)
        take.add_argument("--as-of", type=dt.date.fromisoformat)
        take.add_argument("--mode", choices=PlanMode.values, default=PlanMode.ALL)
        for name in ("approve", "undo"):
            actions.add_parser(name, description=WHAT[name]).add_argument("batch", type=int)
        actions.choices["undo"].add_argument("--reason", required=True)
        for name in ("import", "approve", "undo"):
            actions.choices[name].add_argument("--by", required=True)
        for sub in actions.choices.values():
            sub.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        getattr(self, f"do_{options['action']}")(options)

    def do_check(self, options: dict) -> None:
        refused = False
        for path in options["files"]:
            try:
                data = path.read_bytes()
            except OSError as failure:
                raise CommandError(f"读不了文件 {path}：{failure.strerror}") from failure
            try:
                answer = self._check(data, path, options)
            except FileRefused as refusal:
                refused = True
                answer = {"file": str(path), "error": {"code": refusal.code, "message": str(refusal)}}
            self._say(answer, options)
        if refused:
            sys.exit(UNREADABLE)

    def _check(self, data: bytes, path: Path, options: dict) -> dict:
        with system_scope("roster check"), transaction.atomic():
            district = Region.objects.at(Level.DISTRICT).order_by("code").first()
            mapped, seconds = jobs.examine(
                data,
                path.name,
                district=district,
                as_of=options["as_of"],
                with_register=not options["alone"],
                choice=choice_of(options),
                saved=mapping_of(roster.TARGET, district),
            )
            counts, header = plan.counts(), mapped.header
            asked = absences.asked(header.layout.key, mapped.columns, PlanMode.ALL)
            absent = absences.absent() if asked else 0
            counts["refused"] += counts.pop("unknown", 0)  # the contract has no word for rows of nobody known
            transaction.set_rollback(True)
        return {
            "file": str(path),
            "layout": header.layout.key,
            "sheet": header.sheet,
            "header_row": header.row + 1,
            "rows": len(mapped.rows),
            "columns": {
                "known": [header.headings[place] for place in sorted(header.columns)],
                "unknown": header.unknown,
                "missing": header.missing,
            },
            "reading": {
                key: value for key, value in jobs.described(mapped).items() if key not in {"unknown", "missing"}
            },
            "plan": counts,
            "absent": absent,
            "findings": [one.as_dict() for one in mapped.findings if one.code in kinds()],
            "rules": [one.as_dict() for one in mapped.findings if one.code not in kinds()],
            "seconds": seconds,
            "peak_mb": peak_mb(),
        }

    def do_import(self, options: dict) -> None:
        def act(user: User) -> Batch:
            batch = roster.upload(
                by=user, filename=options["file"].name, data=options["file"].read_bytes(), mode=options["mode"]
            )
            if choice := choice_of(options):
                batch = roster.reread(batch=batch, by=user, choice=choice)
            batch = jobs.check(batch.pk, as_of=options["as_of"])
            return batch if batch.error else roster.submit(batch=batch, by=user)

        self._act(act, options)

    def do_approve(self, options: dict) -> None:
        def act(user: User) -> Batch:
            batch = self._batch(options)
            if acts.open_reversal(batch):
                return reversing.reverse(roster.decide_reversal(batch=batch, by=user, approve=True).pk)
            return committing.commit(roster.approve(batch=batch, by=user).pk)

        self._act(act, options)

    def do_undo(self, options: dict) -> None:
        def act(user: User) -> Batch:
            return acts.ask_reversal(batch=self._batch(options), by=user, reason=options["reason"]).batch

        self._act(act, options)

    def _act(self, act, options: dict) -> None:
        user = User.objects.filter(username=options["by"]).first()
        if user is None:
            raise CommandError(f"没有用户 {options['by']}")
        try:
            with acting_as(actor_for(user, reason=f"roster {options['action']}")):
                batch = act(user)
                reversal = batch.reversals.last()
        except (PermissionDenied, ValidationError, OSError) as refused:
            raise CommandError("；".join(getattr(refused, "messages", [str(refused)]))) from refused
        answer = {
            "batch": batch.pk,
            "state": batch.state,
            "counts": batch.counts,
            "seconds": batch.seconds,
            "peak_mb": peak_mb(),
        }
        if batch.error:
            answer["error"] = batch.error
        if reversal:
            answer["reversal"] = {"kind": reversal.kind, "state": reversal.state, **reversal.report}
        self._say(answer, options)
        if batch.error:
            sys.exit(UNREADABLE)

    def _batch(self, options: dict) -> Batch:
        batch = Batch.objects.filter(pk=options["batch"], target=roster.TARGET).first()
        if batch is None:
            raise CommandError(f"没有批次 {options['batch']}")
        return batch

    def _say(self, answer: dict, options: dict) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        for key, value in answer.items():
            if key == "findings":
                for one in value:
                    self.stdout.write(
                        f"  {one['severity']} {one['cell']:8}{one['code']:28}{one['message']} {one['hint']}"
                    )
            else:
                self.stdout.write(f"{key}: {value}")
