"""Benchmarks of the register: the import with its floor, lists and pages, the dashboard, an export (DESIGN.md section 8)."""

import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import xlsxwriter
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from households import bench_peer
from households.checkup import benching  # noqa: F401 - registers `rules`
from households.ledgers import HouseholdLedger, PersonLedger
from households.models import Household
from households.roster import committing, jobs, reversing, synthetic
from households.services import roster, seeding
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.accounts.services import appoint
from jiyang.intake import acts, pipeline
from jiyang.intake.cells import as_text
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch
from jiyang.intake.places import RegionIndex
from jiyang.intake.reader import read
from jiyang.ledgers.export import write_workbook
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.runtime.benchmarks import benchmark, cpu, median, percentile

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "50000"))
REGISTER = int(os.environ.get("BENCH_REGISTER", "100000"))
ROUNDS, REQUESTS = int(os.environ.get("BENCH_ROUNDS", "3")), 60
CHANGEABLE = {
    "劳动技能": ("普通劳动力", "技能劳动力", "弱劳动力或半劳动力"), "务工时间（月）": tuple("123456789"), "是否参加大病保险": ("是", "否"), "人均纯收入": (),
}  # fmt: skip


def workbook(people: int, seed: int) -> bytes:
    """A roster file of the official layout with `people` rows and 32 columns."""
    with system_scope("性能测试"):
        mapped = synthetic.people(people, seed)
        names = dict(Region.objects.values_list("pk", "name"))
    fields = layouts()["roster_a"].fields
    labels = {one.name: {str(value): str(label) for value, label in one.codes.choices} for one in fields if one.codes}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.xlsx"
        with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
            sheet = book.add_worksheet("已脱贫人口名单")
            sheet.write_row(0, 0, ["济阳区已脱贫人口名单"])
            sheet.write_row(1, 0, [one.heading for one in fields])
            for index in range(people):
                place = mapped.places[index]
                fixed = {"serial": str(index + 1), "data_date": f"{synthetic.DAY:%Y%m%d}", "district": names[place.district], "town": names[place.town], "village": names[place.village]}  # fmt: skip
                sheet.write_row(
                    index + 2,
                    0,
                    [
                        fixed.get(one.name) or _written(one, mapped.columns.get(one.name), index, labels)
                        for one in fields
                    ],
                )
        return path.read_bytes()


def _written(field, column, index: int, labels: dict) -> str:
    value = column[index] if column else None
    if value is None:
        return ""
    if field.type == "yes_no":
        return "是" if value == "t" else "否"
    if field.name in labels:
        return ",".join(labels[field.name][part] for part in value.strip("{}").split(","))
    return value[:7].replace("-", "") if field.type == "month" else value


def floor(data: bytes) -> float:
    """CPU seconds to read the file and COPY its cells: what no import can go below."""

    def work() -> None:
        source = read(data, "x.xlsx")
        rows = list(source.rows(source.sheets[0]))[2:]
        width = max(map(len, rows))
        lines = "\n".join("\t".join(as_text(cell) or "\\N" for cell in row) for row in rows)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"create temp table bench_floor ({', '.join(f'c{n} text' for n in range(width))}) on commit drop"
            )
            cursor.copy_expert("copy bench_floor from stdin", io.StringIO(lines))

    return cpu(work)


def users() -> tuple[User, User]:
    """A maker and a checker of the district."""
    district = Region.objects.get(level=Level.DISTRICT)
    found = []
    for role in ("data_admin", "district_clerk"):
        user = User.objects.filter(username=f"bench_{role}").first()
        if user is None:
            user = User.objects.create_user(f"bench_{role}", name=role, must_change_password=False)
            appoint(user=user, role=role, region=district, since=timezone.localdate())
        found.append(user)
    return found[0], found[1]


def check(data: bytes, maker: User) -> Batch:
    """The file read, checked, planned and handed on."""
    with acting_as(actor_for(maker)):
        batch = roster.upload(by=maker, filename="bench.xlsx", data=data)
        return roster.submit(batch=jobs.check(batch.pk), by=maker)


def commit(batch: Batch, checker: User) -> Batch:
    """Approved and written, with history and before-images."""
    with acting_as(actor_for(checker)):
        return committing.commit(roster.approve(batch=batch, by=checker).pk)


def load(data: bytes, maker: User, checker: User) -> tuple[Batch, float, float]:
    """The whole way; CPU seconds of all of it and of the commit alone."""
    batches: list[Batch] = []
    checked = cpu(lambda: batches.append(check(data, maker)))
    written = cpu(lambda: batches.append(commit(batches[0], checker)))
    return batches[-1], checked + written, written


def take_back(batch, maker: User, checker: User) -> None:
    with acting_as(actor_for(maker)):
        acts.ask_reversal(batch=batch, by=maker, reason="性能测试")
    with acting_as(actor_for(checker)):
        reversing.reverse(roster.decide_reversal(batch=batch, by=checker, approve=True).pk)


def changed(data: bytes, share: float) -> bytes:
    """The same file with `share` of its changeable cells changed: labour, months of work, insurance, income."""
    dice = random.Random(9)
    source = read(data, "x.xlsx")
    rows = [list(map(as_text, row)) for row in source.rows(source.sheets[0])]
    places = {rows[1].index(heading): others for heading, others in CHANGEABLE.items()}
    homes: dict[str, bool] = {}
    number = rows[1].index("户编号")
    for row in rows[2:]:
        for place, others in places.items():
            if rows[1][place] == "人均纯收入":
                if homes.setdefault(row[number], dice.random() < share):
                    row[place] = "23456.78"
            elif dice.random() < share and row[rows[1].index("劳动技能")] not in {"无劳动力", ""}:
                row[place] = dice.choice([other for other in others if other != row[place]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.xlsx"
        with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
            sheet = book.add_worksheet(source.sheets[0])
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
        return path.read_bytes()


def peer(data: bytes) -> None:
    """The same file through the tuned django-import-export Resource; see `households.bench_peer`."""
    with system_scope("性能测试"), transaction.atomic():
        district = Region.objects.get(level=Level.DISTRICT)
        mapped = pipeline.load(data, "x.xlsx", layouts=[layouts()["roster_a"]], regions=RegionIndex.load(district))
        bench_peer.load(mapped)


def peak(data: bytes, maker: User, checker: User) -> int:
    """Peak memory in MB of a process that checks the file, and of one that commits it."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as handle:
        handle.write(data)
        handle.flush()
        made = _command("import", handle.name, "--by", maker.username)
    done = _command("approve", str(made["batch"]), "--by", checker.username)
    with system_scope("性能测试"):
        batch = Batch.objects.get(pk=made["batch"])
    take_back(batch, maker, checker)
    return max(made["peak_mb"], done["peak_mb"])


def _command(*args: str) -> dict:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "roster", *args, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


@benchmark("import")
def bench_import() -> dict:
    """50,000 people × 32 columns with everything on: first load, re-import with 5 % changed, undo; floor and tuned peer.

    Each round loads, loads the changed file, takes both back and starts anew; CPU seconds of client and database. A load is held
    against the mean of the floors before and after it, for a machine's speed changes within minutes; an undo against the commit
    that it takes back. Ratios are medians over the rounds.
    """
    data = workbook(PEOPLE, 5)
    files = {"": data, "reimport_": changed(data, 0.05)}
    maker, checker = users()
    measured: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        batches, floors = {}, [floor(data)]
        for name, content in files.items():
            batches[name], whole, written = load(content, maker, checker)
            floors.append(floor(data))
            measured[f"{name}load"].append(whole)
            measured[f"{name}commit"].append(written)
            measured[f"{name}floor_ratio"].append(whole / fmean(floors[-2:]))
        measured["floor"] += floors
        for name in reversed(files):
            undone = cpu(lambda batch=batches[name]: take_back(batch, maker, checker))
            measured[f"{name}undo"].append(undone)
            measured[f"{name}undo_ratio"].append(undone / measured[f"{name}commit"][-1])
    seconds, peak_mb = batches[""].seconds, peak(data, maker, checker)
    for name, content in files.items():
        tuned = cpu(lambda content=content: peer(content))
        measured[f"{name}peer"].append(tuned)
        measured[f"{name}peer_ratio"].append(tuned / percentile(measured[f"{name}load"], 0.5))
    ratios = {name: values for name, values in measured.items() if name.endswith("_ratio")}
    spent = {name: values for name, values in measured.items() if name not in ratios}
    return {
        "people": PEOPLE,
        **{name: round(percentile(values, 0.5), 2) for name, values in ratios.items()},
        "peak_mb": peak_mb,
        "phases": {name: seconds[name] for name in ("read", "stage", "check", "plan", "total")}
        | {f"commit.{name}": one for name, one in seconds["commit"].items()},
        **{f"{name}_cpu_s": round(percentile(values, 0.5), 2) for name, values in spent.items()},
        "worst_cpu_s": {name: round(max(values), 2) for name, values in spent.items()},
    }


def seeded() -> None:
    with system_scope("性能测试"):
        if Household.objects.count() < REGISTER // 5:
            from django.utils.module_loading import autodiscover_modules

            autodiscover_modules("seeds")
            with transaction.atomic():
                seeding.fill(REGISTER, 1)


def timed(client: Client, url: str) -> dict[str, float]:
    """Server time of a page in milliseconds: median and 95th percentile."""
    found = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        response = client.get(url)
        found.append(1000 * (time.perf_counter() - began))
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")
    return {"median_ms": round(percentile(found, 0.5), 1), "p95_ms": round(percentile(found, 0.95), 1)}


@benchmark("pages")
def bench_pages() -> dict:
    """List, household page, visit form and dashboard at 100,000 people, for a district clerk and a town officer."""
    seeded()
    settings.ALLOWED_HOSTS = ["*"]
    clerk = users()[1]
    town = Region.objects.filter(level=Level.TOWN).order_by("code").first()
    officer = User.objects.filter(username="bench_officer").first() or User.objects.create_user(
        "bench_officer", name="officer", must_change_password=False
    )
    if not officer.postings.exists():
        appoint(user=officer, role="town_officer", region=town, since=timezone.localdate())
    with system_scope("性能测试"):
        home = Household.objects.filter(town=town).first()
    result = {"people": REGISTER}
    for name, user in (("district", clerk), ("town", officer)):
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
        pages = {
            "list": HouseholdLedger.url("list"), "list_by_income": f"{HouseholdLedger.url('list')}?sort=-state__income_per_head",
            "search": f"{HouseholdLedger.url('list')}?q=秀芳", "household": HouseholdLedger.url_of(home), "due": "/monitoring/due/", "dashboard": "/",
        }  # fmt: skip
        if name == "town":
            pages["visit_form"] = f"/monitoring/household/{home.pk}/visit/"
        for page, url in pages.items():
            result[f"{name}.{page}"] = timed(client, url)
    return result


@benchmark("export")
def bench_export() -> dict:
    """Export of the people's list to .xlsx against its query alone, by CPU of client and database."""
    seeded()
    clerk = users()[1]
    with acting_as(actor_for(clerk)) as actor, tempfile.TemporaryDirectory() as folder:
        rows = PersonLedger.rows(actor)[:PEOPLE]
        columns = PersonLedger.exported(actor)
        alone = median(lambda: cpu(lambda: [None for _ in rows.iterator(chunk_size=2000)]))
        whole = median(lambda: cpu(lambda: write_workbook(Path(folder) / "x.xlsx", rows, columns, "人员")))
    return {
        "rows": PEOPLE,
        "columns": len(columns),
        "query_cpu_s": round(alone, 2),
        "export_cpu_s": round(whole, 2),
        "query_ratio": round(whole / alone, 2),
    }
