"""Benchmarks of the register: the import with its floor, lists and pages, the dashboard, an export (DESIGN.md section 8)."""

import io
import os
import resource
import tempfile
import time
from pathlib import Path

import xlsxwriter
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from households.checkup import benching  # noqa: F401 - registers `rules`
from households.ledgers import HouseholdLedger, PersonLedger
from households.models import Household
from households.roster import committing, jobs, reversing, synthetic
from households.services import roster, seeding
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.models import User
from jiyang.accounts.services import appoint
from jiyang.intake.cells import as_text
from jiyang.intake.layouts import layouts
from jiyang.intake.reader import read
from jiyang.ledgers.export import write_workbook
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.runtime.benchmarks import benchmark, cpu, median, percentile

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "50000"))
REGISTER = int(os.environ.get("BENCH_REGISTER", "100000"))
ROUNDS, REQUESTS = 3, 60


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


def load(data: bytes, maker: User, checker: User):
    """The whole way: checked, planned, approved, committed, with history, encryption and before-images."""
    with acting_as(actor_for(maker)):
        batch = roster.upload(by=maker, filename="bench.xlsx", data=data)
        batch = roster.submit(batch=jobs.check(batch.pk), by=maker)
    with acting_as(actor_for(checker)):
        return committing.commit(roster.approve(batch=batch, by=checker).pk)


def take_back(batch, maker: User, checker: User) -> None:
    with acting_as(actor_for(maker)):
        roster.ask_reversal(batch=batch, by=maker, reason="性能测试")
    with acting_as(actor_for(checker)):
        reversing.reverse(roster.decide_reversal(batch=batch, by=checker, approve=True).pk)


@benchmark("import")
def bench_import() -> dict:
    """50,000 people × 32 columns: first load and undo against the floor; each round loads, undoes, and starts anew."""
    data = workbook(PEOPLE, 5)
    maker, checker = users()
    floors, loads, undos, commits, phases = [], [], [], [], {}
    for _ in range(ROUNDS):
        floors.append(floor(data))
        batches = []
        loads.append(cpu(lambda batches=batches: batches.append(load(data, maker, checker))))
        (batch,) = batches
        phases = {
            **{name: seconds for name, seconds in batch.seconds.items() if isinstance(seconds, float)},
            "commit": batch.seconds["commit"]["write"],
        }
        commits.append(batch.seconds["commit"]["total"])
        undos.append(cpu(lambda batch=batch: take_back(batch, maker, checker)))
    mid = ROUNDS // 2
    floors, loads, undos = sorted(floors), sorted(loads), sorted(undos)
    return {
        "people": PEOPLE, "floor_cpu_s": round(floors[mid], 2), "load_cpu_s": round(loads[mid], 2), "floor_ratio": round(loads[mid] / floors[mid], 2),
        "undo_cpu_s": round(undos[mid], 2), "commit_s": round(sorted(commits)[mid], 2), "phases": phases,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


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
