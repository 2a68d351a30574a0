import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from jiyang.runtime import backup


class Command(BaseCommand):
    help = (
        "backup create FILE [--json]: the database and all documents into one file. "
        "backup restore FILE [--json]: into an empty system with the same keys and version. Both need the owner's role."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("action", choices=["create", "restore"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        act = backup.create if options["action"] == "create" else backup.restore
        try:
            report = act(options["file"].absolute()).as_dict()
        except backup.BackupRefused as refused:
            error = {"error": {"code": "refused", "message": str(refused)}}
            self.stdout.write(json.dumps(error, ensure_ascii=False) if options["json"] else str(refused))
            sys.exit(2)
        text = "{tables} 张表，{rows} 行，{files} 个文件\nsha256 {sha256}".format(**report)
        self.stdout.write(json.dumps(report) if options["json"] else text)
