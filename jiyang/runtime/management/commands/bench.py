from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import autodiscover_modules

from jiyang.runtime import benchmarks


class Command(BaseCommand):
    help = "bench [NAME…] [--json]: measure the bars of the design on an empty instance."

    def add_arguments(self, parser) -> None:
        parser.add_argument("names", nargs="*")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        autodiscover_modules("benches")
        known = benchmarks.all_benchmarks()
        if unknown := set(options["names"]) - set(known):
            raise CommandError(f"没有 {'、'.join(sorted(unknown))}；有 {'、'.join(sorted(known))}")
        for name in options["names"] or sorted(known):
            result = {"bench": name, **known[name]()}
            self.stdout.write(
                benchmarks.as_json(result)
                if options["json"]
                else "\n".join(f"{key:28}{value}" for key, value in result.items())
            )
