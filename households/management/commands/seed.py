import json
import time

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from households.models import Household
from households.services import seeding
from jiyang.access.scope import system_scope


class Command(BaseCommand):
    help = "seed --persons N [--seed S]: fill an empty register with N coherent synthetic people, set-based."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--persons", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        if options["persons"] < 1:
            raise CommandError("--persons 应为正整数")
        autodiscover_modules("seeds")
        began = time.perf_counter()
        with system_scope("合成数据"), transaction.atomic():
            if Household.all_rows.exists():
                raise CommandError("系统里已有户，合成数据只能装入空库（./run --empty）")
            counts = seeding.fill(options["persons"], options["seed"])
        counts["seconds"] = round(time.perf_counter() - began, 1)
        self.stdout.write(
            json.dumps(counts) if options["json"] else "，".join(f"{key} {value}" for key, value in counts.items())
        )
