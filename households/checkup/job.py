"""The job of a check-up: read its files, stage them together, run the rules in force, keep what they found.

All or nothing, safe to repeat; the staged rows end with the transaction. Call inside the scope of who asked for it.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from households.checkup.exports import Exports, read, stage_read
from households.checkup.pointing import Pointer, cited
from households.enums import CheckupState
from households.models import Checkup, CheckupFile, CheckupFinding
from households.roster.jobs import described, parts_of
from households.roster.running import CHECKUPS, at_work, count_start, only_one
from jiyang.access.scope import Reach, require
from jiyang.identifiers.encryption import blind_index_all, decrypt_bytes, encrypt_all
from jiyang.intake.bulk import batches
from jiyang.intake.header import Choice
from jiyang.intake.normalise import Mapped
from jiyang.intake.progress import Progress
from jiyang.intake.reader import FileRefused
from jiyang.rules import running
from jiyang.rules.circles import Circles
from jiyang.rules.evaluate import Evaluator
from jiyang.rules.facts import Facts
from jiyang.rules.groups import groups_of
from jiyang.rules.running import Outcome
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import active

FILE_AAD, VALUE_AAD = "households_checkupfile.file", "households_checkupfinding.value"
SEVERITY = {"E": "error", "W": "warning"}
AT_ONCE = 2000  # rows whose related are held in memory together
FAILED = "处理中出错，没有结果。请重试；仍然不行请联系系统管理员"
GIVEN_UP = "这次体检反复中断，已停止。请把文件按镇街分开后再试，或联系系统管理员查看服务器内存"
CANCELLED = "已取消"


def progress_of(checkup_id: int) -> Progress:
    return Progress(f"checkup:{checkup_id}")


def run(checkup_id: int) -> Checkup | None:
    """Carry a check-up out. None when another worker is at it."""
    progress, began = progress_of(checkup_id), time.perf_counter()
    with only_one(checkup_id, CHECKUPS) as mine:
        checkup = Checkup.objects.select_for_update().get(pk=checkup_id)
        if not mine or checkup.state != CheckupState.WAITING:
            return None
        files, mapped = _read(checkup, progress)
        if not files:
            checkup.state, checkup.error = CheckupState.FAILED, "没有一个文件能读，请看各文件的原因"
            checkup.save()
            return checkup
        progress.step("合并各表", 0, sum(len(one.rows) for one in mapped))
        exports, day = stage_read(mapped, checkup.district, checkup.as_of)
        facts = Facts(day, checkup.given)
        progress.step("运行规则")
        rules = [rule for rule in active(day) if not rule.is_suggestion]
        outcomes = running.run(rules, exports.source, facts)
        keeper = Keeper(checkup, files, exports, facts, require().reach)
        keeper.keep(outcomes, progress)
        checkup.as_of, checkup.rules, checkup.counts = (
            day,
            [_told(one, facts, keeper) for one in outcomes],
            keeper.counts,
        )
        checkup.state, checkup.seconds = CheckupState.DONE, round(time.perf_counter() - began, 1)
        checkup.save()
        progress.step("完成")
        return checkup


def _read(checkup: Checkup, progress: Progress) -> tuple[list[CheckupFile], list[Mapped]]:
    """The files that can be read, with their rows; the others keep their reason."""
    files, found = [], []
    for one in checkup.files.all():
        progress.step(f"读取 {one.filename}")
        choice = Choice(**one.reading) if one.reading else None
        try:
            (mapped,) = read([(contents(one), one.filename, choice)], checkup.district, checkup.as_of)
        except FileRefused as refused:
            one.error, one.layout, one.rows, one.columns = str(refused)[:300], "", None, {}
            one.save()
            continue
        one.error, one.layout, one.rows = "", mapped.header.layout.key, len(mapped.rows)
        one.columns = {"parts": parts_of(mapped), "header_row": mapped.header.row + 1, **described(mapped)}
        one.save()
        files.append(one)
        found.append(mapped)
    return files, found


def contents(one: CheckupFile) -> bytes:
    with one.file.open("rb") as stored:
        return decrypt_bytes(stored.read(), FILE_AAD)


def _told(outcome: Outcome, facts: Facts, keeper: "Keeper") -> dict:
    """What a rule did, for the page; `hits` are those that are listed."""
    rule = outcome.rule
    unconfirmed = [] if outcome.reason else facts.unconfirmed(rule.parameters)
    return {
        "code": rule.code, "title": rule.title, "severity": rule.severity, "subject": rule.subject.title, "hits": keeper.kept.get(rule.code, 0),
        "reason": outcome.reason, "unconfirmed": unconfirmed, "mend": rule.mend, "groups": groups_of(rule.when, rule.subject),
    }  # fmt: skip


@dataclass
class Keeper:
    """Turns hits into findings at their cells. Rows outside `reach` are counted, not kept."""

    checkup: Checkup
    files: list[CheckupFile]
    exports: Exports
    facts: Facts
    reach: Reach

    def __post_init__(self) -> None:
        self.pointers = [Pointer(mapped) for mapped in self.exports.files]
        self.pointed: set[tuple[int, int, str]] = set()  # (file, row, field) of which a rule tells
        self.kept: dict[str, int] = {}
        self.counts = {"error": 0, "warning": 0, "lead": 0, "outside": 0}

    def keep(self, outcomes: list[Outcome], progress: Progress) -> None:
        known = set().union(*(cited(one.rule.when) for one in outcomes if not one.reason))
        total, done = sum(len(one.keys) for one in outcomes), 0
        for found in batches(self._all(outcomes, known), 5000):
            progress.step("写出问题", done, total)
            done += len(found)
            values = encrypt_all([one.value for one in found], VALUE_AAD)
            for one, value, index in zip(found, values, blind_index_all([one.name for one in found]), strict=True):
                one.value, one.name_index = value, index
            CheckupFinding.objects.bulk_create(found)

    def _all(self, outcomes: list[Outcome], known: set[str]) -> Iterator[CheckupFinding]:
        by_subject: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            if outcome.keys:
                by_subject.setdefault(outcome.rule.subject.key, []).append(outcome)
        for group in by_subject.values():
            yield from self._hits(group)
        for number, mapped in enumerate(self.exports.files):
            yield from self._unread(number, mapped, known)

    def _hits(self, group: list[Outcome]) -> Iterator[CheckupFinding]:
        """The findings of one subject's rules, row by row; related rows are loaded for many rows at once.

        A row without any of a rule's columns is hit for what other files say: told once, and only where none of them tells it.
        """
        told: set[tuple[str, str]] = set()  # (code, record)
        elsewhere: dict[tuple[str, str], CheckupFinding] = {}
        teller, circles, evaluator = Teller(self.facts), Circles(self.exports.source), Evaluator(self.facts)
        hit: dict[int, list[Outcome]] = {}
        for outcome in group:
            for key in outcome.keys:
                hit.setdefault(key, []).append(outcome)
        subject = group[0].rule.subject
        for keys in batches(sorted(hit), AT_ONCE):
            rules = {outcome.rule.code: outcome.rule for key in keys for outcome in hit[key]}
            rows = circles.by_key(subject, keys, [rule.when for rule in rules.values()])
            for key in keys:
                number, index = self.exports.locate(key)
                (record,) = self.exports.records(subject.key, [key])
                for outcome in hit[key]:
                    rule, pointer = outcome.rule, self.pointers[number]
                    field = pointer.field_of(rule, index, partial(evaluator.truth, row=rows[key]))
                    at = field or pointer.key_of(rule)
                    self.pointed.add((number, index, at))
                    found = self._finding(number, index, at)
                    if not found:
                        continue
                    found.code, found.severity, found.title, found.text = (
                        rule.code,
                        rule.severity,
                        rule.title[:200],
                        teller.tell(rule.when, rows[key]),
                    )
                    if field:
                        told.add((rule.code, record))
                        yield self._counted(found)
                    else:
                        elsewhere.setdefault((rule.code, record), found)
        yield from (self._counted(found) for place, found in elsewhere.items() if place not in told)

    def _unread(self, number: int, mapped: Mapped, known: set[str]) -> Iterator[CheckupFinding]:
        """Faulty cells of which no rule tells."""
        for one in mapped.findings:
            index = self.pointers[number].index_of(one.line)
            told = known & {one.code, f"{one.field}:{one.code}"} or (number, index, one.field) in self.pointed
            if one.severity in SEVERITY and not told and (found := self._finding(number, index, one.field)):
                found.code, found.severity, found.title = one.code, SEVERITY[one.severity], one.message[:200]
                found.text = one.hint
                yield self._counted(found)

    def _counted(self, found: CheckupFinding) -> CheckupFinding:
        self.counts[found.severity] += 1
        self.kept[found.code] = self.kept.get(found.code, 0) + 1
        return found

    def _finding(self, number: int, index: int, field: str) -> CheckupFinding | None:
        """A finding at a cell, without what it says. None outside the actor's reach."""
        mapped, pointer = self.exports.files[number], self.pointers[number]
        place = mapped.places[index]
        town, village = place.town or self.checkup.town_id, place.village or self.checkup.village_id
        if not (
            self.checkup.district_id in self.reach.districts
            or town in self.reach.towns
            or village in self.reach.villages
        ):
            self.counts["outside"] += 1
            return None
        column, cell = pointer.cell(field, index)
        return CheckupFinding(
            checkup=self.checkup, file=self.files[number], district_id=self.checkup.district_id, town_id=town, village_id=village,
            line=mapped.rows[index], row=mapped.excel_row(index), sheet=mapped.sheet_of(index)[:80], column=column[:120], cell=cell,
            value=pointer.text(field, index), personal=pointer.is_personal(field), group=pointer.group(field),
            household_no=(pointer.text("household_no", index) or "")[:40], name=pointer.text("name", index),
        )  # fmt: skip


def begin(checkup_id: int) -> bool:
    """Count a start. False: it has killed its workers too often."""
    return count_start(Checkup.objects.all(), checkup_id, lock=CHECKUPS)


def failed(checkup_id: int, message: str, state: str = CheckupState.FAILED) -> None:
    """The job ended without a result."""
    with transaction.atomic():
        checkup = Checkup.objects.select_for_update().get(pk=checkup_id)
        if checkup.state == CheckupState.WAITING:
            checkup.state, checkup.error = state, message
            checkup.save()


def orphans() -> Iterable[Checkup]:
    """Check-ups whose job runs nowhere. Call in the system's scope."""
    return [one for one in Checkup.objects.filter(state=CheckupState.WAITING) if not at_work(one.pk, CHECKUPS)]
