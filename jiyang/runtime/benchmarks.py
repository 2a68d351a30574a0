"""Registry and clock of the benchmarks (`./bench`): figures are ratios inside one run, medians of three rounds."""

import json
import os
import re
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

ROUNDS = 3
_benches: dict[str, Callable[[], dict]] = {}


def benchmark(name: str) -> Callable:
    """Register a function that measures and returns a flat dict for JSON."""

    def wrap(run: Callable[[], dict]) -> Callable[[], dict]:
        _benches[name] = run
        return run

    return wrap


def all_benchmarks() -> dict[str, Callable[[], dict]]:
    return dict(_benches)


def database_cpu() -> float:
    """CPU seconds of this connection's server process so far (both run on this machine)."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of client and database that `work` takes."""
    before = time.process_time() + database_cpu()
    work()
    return time.process_time() + database_cpu() - before


def peak_mb() -> int:
    """Most memory that this process has held, in MB.

    Linux's own mark of the process: `ru_maxrss` is handed down by the process that started it, so a large one would
    count for a small one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def median(work: Callable[[], float], rounds: int = ROUNDS) -> float:
    return statistics.median(work() for _ in range(rounds))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def as_json(result: dict) -> str:
    return json.dumps(result, ensure_ascii=False)
