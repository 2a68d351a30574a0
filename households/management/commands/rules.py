import datetime as dt
import json
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from households.checkup import exports, register
from jiyang.access.scope import system_scope
from jiyang.intake.reader import FileRefused
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.rules import running
from jiyang.rules.catalogue import Rule
from jiyang.rules.circles import Circles
from jiyang.rules.cited import Citer
from jiyang.rules.facts import SHOWN, Facts
from jiyang.rules.given import problems_of
from jiyang.rules.groups import reads_of
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import active, broken

UNREADABLE = 2  # exit status where a file cannot be read, as of `roster check`
TOLD = 5  # hits that `explain` tells with their values


class Command(BaseCommand):
    help = "rules list | run [--code C] [--as-of D] [--records] [--over FILE…] [--param KEY=VALUE…] | explain CODE."

    def add_arguments(self, parser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list")
        run = actions.add_parser("run")
        run.add_argument("--code", action="append", default=[])
        run.add_argument("--records", action="store_true")
        explain = actions.add_parser("explain")
        explain.add_argument("code")
        for sub in (run, explain):
            sub.add_argument("--as-of", type=dt.date.fromisoformat)
            sub.add_argument(
                "--over", nargs="+", type=Path, default=[], help="exports to check instead of the register"
            )
            sub.add_argument("--param", action="append", default=[], metavar="KEY=VALUE", nargs="+")
        for sub in actions.choices.values():
            sub.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        try:
            with system_scope("rules"), transaction.atomic():
                answer = getattr(self, f"do_{options['action']}")(options)
                transaction.set_rollback(True)
        except FileRefused as refused:
            answer = {"file": str(refused.file), "error": {"code": refused.code, "message": str(refused)}}
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, default=str))
        else:
            for one in answer.get("rules", [answer]):
                self.stdout.write("  ".join(f"{key}={value}" for key, value in one.items()))
        if "error" in answer:
            sys.exit(UNREADABLE)

    def do_list(self, options: dict) -> dict:
        return {"rules": [self._told(rule) for rule in active()]}

    def _told(self, rule: Rule) -> dict:
        return {
            "code": rule.code,
            "source_codes": list(rule.source_codes),
            "title": rule.title,
            "subject": rule.subject.key,
            "severity": rule.severity,
            "family": rule.family,
            "parameters": sorted(rule.parameters),
        }

    def do_run(self, options: dict) -> dict:
        began = time.perf_counter()
        source, facts, records = self._source(options)
        rules = self._chosen(options["code"], facts)
        staged = time.perf_counter()
        outcomes = running.run(rules, source, facts)
        found = []
        for outcome in outcomes:
            one = {
                **self._told(outcome.rule),
                "state": "refused" if outcome.reason else "ran",
                "reason": outcome.reason,
                "hits": len(outcome.keys),
                "ms": outcome.ms,
            }
            if badges := [] if outcome.reason else facts.unconfirmed(outcome.rule.parameters):
                one["unconfirmed"] = badges
            if options["records"] or options["over"]:
                named = records(outcome.rule.subject.key, outcome.keys)
                one["hits"] = len(named)
                if options["records"]:
                    one["records"] = named
            found.append(one)
        found += self._disabled(options["code"], facts)
        ended = time.perf_counter()
        return {
            "as_of": facts.as_of,
            "repeated": [str(path) for path in self.repeated],
            "rules": found,
            "ran": sum(one["state"] == "ran" for one in found),
            "refused": sum(one["state"] == "refused" for one in found),
            "seconds": {"stage": round(staged - began, 3), "rules": round(ended - staged, 3), "total": round(ended - began, 3)},
        }  # fmt: skip

    def do_explain(self, options: dict) -> dict:
        source, facts, records = self._source(options)
        rule = next(iter(self._chosen([options["code"]], facts)), None)
        if rule is None:
            raise CommandError(self._disabled([options["code"]], facts)[0]["reason"])
        teller, (outcome,) = Teller(facts), running.run([rule], source, facts)
        rows = Circles(source).by_key(rule.subject, outcome.keys[:TOLD], [rule.when]) if outcome.keys else {}
        citer = Citer(teller)
        hits = [
            {
                "record": records(rule.subject.key, [key])[0], "text": teller.tell(rule.when, rows[key]),
                "values": citer.values(rule.when, rule.subject, rows[key]),
            }
            for key in outcome.keys[:TOLD]
        ]  # fmt: skip
        return {
            **self._told(rule),
            "source": rule.source,
            "fields": reads_of(rule.when, rule.subject),
            "text": teller.tell(rule.when),
            "as_of": facts.as_of,
            "state": "refused" if outcome.reason else "ran",
            "reason": outcome.reason,
            "hits": len(outcome.keys),
            "explained": hits,
        }

    def _disabled(self, codes: list[str], facts: Facts) -> list[dict]:
        """Rules made here that cannot be read any more: refused, with the reason."""
        return [
            {
                "code": one.version.code, "source_codes": one.version.sources, "title": one.version.title, "subject": one.version.subject,
                "severity": one.version.severity, "family": one.version.family, "state": "refused", "reason": one.reason, "hits": 0, "ms": 0.0,
            }
            for one in broken(facts.as_of) if not codes or {one.version.code, *one.version.sources} & set(codes)
        ]  # fmt: skip

    def _chosen(self, codes: list[str], facts: Facts) -> list[Rule]:
        rules = [rule for rule in active(facts.as_of) if not codes or any(rule.answers_to(code) for code in codes)]
        disabled = {code for one in broken(facts.as_of) for code in (one.version.code, *one.version.sources)}
        for code in codes:
            if code not in disabled and not any(rule.answers_to(code) for rule in rules):
                raise CommandError(f"没有规则 {code}")
        return rules

    def _source(self, options: dict):
        day, self.repeated = options["as_of"], []
        given = dict(self._given(pair) for pairs in options["param"] for pair in pairs)
        if problems := problems_of(given, day or timezone.localdate()):
            raise CommandError("；".join(problems))
        if not options["over"]:
            return register.source(), Facts(day or timezone.localdate(), given), register.records
        district = Region.objects.at(Level.DISTRICT).order_by("code").first()
        try:
            staged, day = exports.stage(options["over"], district=district, as_of=day)
        except OSError as failure:
            raise CommandError(f"读不了文件 {failure.filename}：{failure.strerror}") from failure
        self.repeated = staged.repeated
        return staged.source, Facts(day, given), staged.records

    def _given(self, pair: str) -> tuple[str, str]:
        key, sign, value = pair.partition("=")
        if not sign or not key or not value:
            raise CommandError(f"--param 应写成 键=值，这里是“{pair[:SHOWN]}”")
        return key, value
