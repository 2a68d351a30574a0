import json

from django.core.management.base import BaseCommand
from django.urls import get_resolver

from jiyang.access.matrix import matrix
from jiyang.access.routes import routes


class Command(BaseCommand):
    help = "access matrix [--json]: who may open which view, and with which reach."

    def add_arguments(self, parser) -> None:
        parser.add_argument("action", choices=["matrix"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        lines = [
            {
                "url": route.pattern,
                "name": route.name,
                "role": role.key,
                "decision": "allow" if matrix().may_open(route.name, frozenset([role.key])) else "deny",
                "scope": role.reach,
            }
            for route in routes(get_resolver())
            for role in matrix().roles.values()
        ]
        if options["json"]:
            self.stdout.write(json.dumps(lines, ensure_ascii=False))
            return
        for line in lines:
            self.stdout.write(f"{line['decision']:6}{line['role']:20}{line['name']:40}{line['url']}")
