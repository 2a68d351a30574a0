import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from jiyang.regions.loading import RegionFileError, load_regions


class Command(BaseCommand):
    help = "regions load FILE: load the regions of any district (CSV: code,name,level,parent_code)."

    def add_arguments(self, parser) -> None:
        parser.add_argument("action", choices=["load"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        try:
            counts = load_regions(options["file"])
        except (RegionFileError, OSError) as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write(
            json.dumps(counts)
            if options["json"]
            else f"新增 {counts['added']}，更名 {counts['renamed']}，未变 {counts['same']}"
        )
