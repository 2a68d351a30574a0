import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand

from jiyang.access.scope import system_scope
from jiyang.audit import chain


class Command(BaseCommand):
    help = "audit verify [--json]: seal what is new, read every sealed event again and compare. audit seal: only seal."

    def add_arguments(self, parser) -> None:
        parser.add_argument("action", choices=["verify", "seal"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        with system_scope("封存变更记录"):
            sealed = chain.seal()
        if options["action"] == "seal":
            self.stdout.write(json.dumps({"sealed": sealed}) if options["json"] else f"封存 {sealed} 条")
            return
        with system_scope("核验变更记录"):
            verdict = chain.verify()
        text = f"核验 {verdict.rows} 条：{'一致' if verdict.ok else f'不一致，{verdict.first_bad}'}"
        self.stdout.write(json.dumps(asdict(verdict), ensure_ascii=False) if options["json"] else text)
        if not verdict.ok:
            sys.exit(1)
