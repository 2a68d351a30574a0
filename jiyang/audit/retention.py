"""Old lines of the access log leave the database for a compressed file beside the documents (DOMAIN.md 14.2).

The web role cannot delete from the log. The database function that takes lines out lets nobody take one that is
younger than the six months the law asks for.
"""

import datetime as dt
import gzip
import os
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from jiyang.parameters import values

FOLDER = "access_log"


def archive(day: dt.date) -> tuple[int, str]:
    """Move lines older than `audit.retention_days` before `day` into `access_log/<day>.jsonl.gz`.

    Returns their number and the file's name ("" when there were none). A run killed between file and commit leaves a
    file with lines that the next one holds too: doubled, never lost. Raises ParameterMissing.
    """
    keep = int(values.get("audit.retention_days").value)
    before = timezone.make_aware(dt.datetime.combine(day - dt.timedelta(days=keep), dt.time.min))
    with connection.cursor() as cursor:
        cursor.execute("select line::text from kernel_take_log(%s) line", [before])
        lines = [line for (line,) in cursor]
    if not lines:
        return 0, ""
    path = _free(Path(settings.MEDIA_ROOT) / FOLDER / f"{day:%Y-%m-%d}.jsonl.gz")
    _write(path, lines)
    return len(lines), f"{FOLDER}/{path.name}"


def _free(path: Path) -> Path:
    """The file's path; a second archive of one day gets a second file, never writes over the first."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name.split('.')[0]}-{number}.jsonl.gz")
    return found


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb") as packed:
            packed.writelines(f"{line}\n".encode() for line in lines)
        raw.flush()
        os.fsync(raw.fileno())
