"""How a rule's hit is told at the cells of a file: `finding: CODE`, `finding: {code, at, rows}`, or a list of those.

`at` names the field, or several with the condition under which each is at fault. `rows` says which rows of a household that was
hit are told: `first` (its first row), `every`, or a condition of its people; a rule over the rows themselves may narrow itself so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jiyang.intake.findings import kinds
from jiyang.intake.layouts import layouts
from jiyang.rules import tree
from jiyang.rules.fields import Subject, subjects
from jiyang.rules.reading import Reader

KEYS = {"code", "at", "rows"}
FIRST, EVERY = "first", "every"
PEOPLE = "members"  # the relation of a household whose rows stand for it in a file of people


@dataclass(frozen=True)
class CellFinding:
    """`code` is the finding's (`intake/findings.yaml`); `cells` are (field, condition or None); `rows` as above."""

    code: str
    cells: tuple[tuple[str, tree.Node | None], ...] = ()
    rows: str | tree.Node = FIRST


def findings_of(raw: Any, subject: Subject, reader: Reader) -> tuple[CellFinding, ...]:
    """What a rule says of its findings, validated. Raises RuleBroken."""
    if raw is None:
        return ()
    listed = raw if isinstance(raw, list) else [raw]
    return tuple(_finding({"code": one} if isinstance(one, str) else one, subject, reader) for one in listed)


def _finding(raw: Any, subject: Subject, reader: Reader) -> CellFinding:
    code = raw.get("code") if isinstance(raw, Mapping) else None
    if not isinstance(code, str) or set(raw) - KEYS or code not in kinds():
        raise reader.broken("finding", f"要写成已有的问题编号，或只含 {'、'.join(sorted(KEYS))} 的一组键值")
    return CellFinding(code, _cells(raw.get("at", ()), subject, reader), _rows(raw.get("rows", FIRST), subject, reader))


def _cells(raw: Any, subject: Subject, reader: Reader) -> tuple[tuple[str, tree.Node | None], ...]:
    raw = {raw: None} if isinstance(raw, str) else raw or {}
    known = {one.name for layout in layouts().values() for one in layout.fields}
    if not isinstance(raw, Mapping) or (unknown := sorted(str(name) for name in raw if name not in known)):
        told = (
            f"没有这样的列 {'、'.join(unknown)}"
            if isinstance(raw, Mapping)
            else "要写成一个列名，或 列名: 条件 的一组键值"
        )
        raise reader.broken("finding.at", told)
    return tuple(
        (name, reader.read(condition, subject, f"finding.at.{name}") if condition is not None else None)
        for name, condition in dict(raw).items()
    )


def _rows(raw: Any, subject: Subject, reader: Reader) -> str | tree.Node:
    if raw in (FIRST, EVERY):
        return raw
    people = subject.relations.get(PEOPLE)
    return reader.read(raw, subjects()[people.target] if people else subject, "finding.rows")
