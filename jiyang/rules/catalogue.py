"""The catalogue: every rule of every app's `rules/*.yaml`, validated. A file: `family`, `subject`, `terms` (optional), `rules`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps

from jiyang.rules import tree
from jiyang.rules.cells import CellFinding, findings_of
from jiyang.rules.fields import Subject, subjects
from jiyang.rules.reading import DEEPEST, Reader, RuleBroken, Terms

SEVERITIES = {"error": "错误", "warning": "警告", "lead": "疑点"}
KEYS = {"code", "sources", "title", "severity", "subject", "when", "why", "mend", "finding"}
SUGGESTIONS = "分类建议"  # the family of rules that propose
TEXTS = ("code", "title", "severity", "why", "mend")
FILE_KEYS = {"family", "subject", "terms", "rules", "source"}


@dataclass(frozen=True)
class Rule:
    """One rule. `source_codes` are the codes by which officials know it (DOMAIN.md 1.7); `source` the text it follows.

    `raw` is the condition as it was written; `number` the version that stands (0: built in); `why` and `mend` say why it
    matters and how a hit is put right; `findings` how a hit is told at the cells of a file; `refuses`: an error that refuses its
    household in a file, though it is told in the rule's own words.
    """

    code: str
    source_codes: tuple[str, ...]
    title: str
    severity: str
    subject: Subject
    when: tree.Node
    family: str
    source: str
    raw: Any = field(default=None, compare=False, repr=False)
    why: str = ""
    mend: str = ""
    number: int = 0
    findings: tuple[CellFinding, ...] = ()
    refuses: bool = False

    def answers_to(self, code: str) -> bool:
        return code == self.code or code in self.source_codes

    @property
    def is_suggestion(self) -> bool:
        """Whether it proposes something for the register: nothing is wrong with a file in which it is true."""
        return self.family == SUGGESTIONS

    @property
    def basis(self) -> str:
        """The text it follows, as an officer reads it."""
        return self.source.replace("DOMAIN.md", "业务资料")

    @cached_property
    def columns(self) -> Mapping[str, Collection[str]]:
        """Stored columns that its condition reads, by subject."""
        return tree.columns_of(self.when, self.subject.key)

    @cached_property
    def required(self) -> Mapping[str, Collection[str]]:
        """Those of the columns without which it cannot run."""
        return tree.columns_of(self.when, self.subject.key, required=True)

    @cached_property
    def parameters(self) -> Collection[str]:
        """Keys of the parameters that its condition reads."""
        return tree.parameters_of(self.when)


class StrictLoader(yaml.SafeLoader):
    """YAML whose mappings say each key once: of two conditions under one key, one would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        written = [key.value for key, _ in node.value]
        if twice := sorted({str(key) for key in written if written.count(key) > 1}):
            raise yaml.constructor.ConstructorError(None, None, f"“{'、'.join(twice)}”写了两次", node.start_mark)
        return super().construct_mapping(node, deep)


def load(files: Iterable[Path]) -> tuple[Rule, ...]:
    """Rules of some files, whose terms are shared. Raises RuleBroken naming file, rule and place."""
    parsed = {path: _parse(path) for path in files}
    terms, found = _terms(parsed), {}
    for path, data in parsed.items():
        _check_terms(data, path, terms)
    for path, data in parsed.items():
        for raw in _listed(data, path):
            rule = _rule(raw, data, path, terms)
            if rule.code in found:
                raise RuleBroken(f"{path.name}：规则 {rule.code}：编号重复")
            found[rule.code] = rule
    return tuple(found.values())


def _terms(parsed: Mapping[Path, Mapping]) -> Terms:
    found: dict[tuple[str, str], tuple[str, object]] = {}
    for path, data in parsed.items():
        for subject, name, spec in _named(data, path):
            title = spec.get("title") if isinstance(spec, dict) and set(spec) == {"title", "when"} else None
            if (subject, name) in found or not isinstance(title, str):
                raise RuleBroken(f"{path.name}：术语 {name}：要有 title（文字）和 when，且不能重名")
            found[subject, name] = (title, spec["when"])
    return found


def _named(data: Mapping, path: Path) -> Iterator[tuple[str, str, Any]]:
    """(subject, name, what is written) of a file's terms."""
    written = data.get("terms") or {}
    if not isinstance(written, Mapping) or not all(isinstance(named, Mapping) for named in written.values()):
        raise RuleBroken(f"{path.name}：terms 应写成 对象: {{术语: {{title, when}}}}")
    yield from ((subject, name, spec) for subject, named in written.items() for name, spec in named.items())


def _check_terms(data: Mapping, path: Path, terms: Terms) -> None:
    """Terms that no rule uses yet are used by the builder."""
    for key, name, spec in _named(data, path):
        if key not in subjects():
            raise RuleBroken(f"{path.name}：术语 {name}：没有这种对象“{key}”")
        Reader(f"{path.name}：术语 {name}", terms).read(spec["when"], subjects()[key])


def _listed(data: Mapping, path: Path) -> list:
    rules = data.get("rules") or []
    if not isinstance(rules, list):
        raise RuleBroken(f"{path.name}：rules 应为一列规则")
    if rules and not isinstance(data.get("family"), str):
        raise RuleBroken(f"{path.name}：缺少 family（这些规则的类别）")
    return rules


def _parse(path: Path) -> Mapping:
    try:
        data = yaml.load(path.read_text("utf-8"), StrictLoader)
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        said = f"：{failure.problem}" if isinstance(failure, yaml.constructor.ConstructorError) else ""
        raise RuleBroken(f"{path.name}：第 {mark.line + 1 if mark else '?'} 行：不是有效的 YAML{said}") from failure
    except RecursionError as failure:
        raise RuleBroken(f"{path.name}：条件套得太深，最多 {DEEPEST} 层") from failure
    except ValueError as failure:  # no UTF-8; a day that does not exist
        raise RuleBroken(f"{path.name}：不是 UTF-8 文本，或写有不存在的日期：{failure}") from failure
    if not isinstance(data, Mapping) or set(data) - FILE_KEYS:
        raise RuleBroken(f"{path.name}：只能有 {'、'.join(sorted(FILE_KEYS))}")
    return data


def _rule(raw: object, data: Mapping, path: Path, terms: Terms) -> Rule:
    if not isinstance(raw, Mapping):
        raise RuleBroken(f"{path.name}：规则应为一组键值")
    where = f"{path.name}：规则 {raw.get('code', '（无编号）')}"
    if unknown := set(raw) - KEYS:
        raise RuleBroken(f"{where}：不认识的键 {'、'.join(sorted(map(str, unknown)))}")
    if lacking := [key for key in ("code", "title", "severity", "when") if not raw.get(key)]:
        raise RuleBroken(f"{where}：缺少 {'、'.join(lacking)}")
    if wrong := [key for key in TEXTS if not isinstance(raw.get(key, ""), str)]:
        raise RuleBroken(f"{where}：{'、'.join(wrong)} 应为文字；编号要加引号，否则 1_01_001 会读成数")
    if raw["severity"] not in SEVERITIES:
        raise RuleBroken(f"{where}：严重程度只能是 {'、'.join(SEVERITIES)}")
    key = raw.get("subject", data.get("subject"))
    subject = subjects().get(key) if isinstance(key, str) else None
    if subject is None:
        raise RuleBroken(f"{where}：没有这种对象“{key}”")
    codes = raw.get("sources", [raw["code"]])
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise RuleBroken(f"{where}：sources 应为一列编号，都加引号")
    reader = Reader(where, terms)
    when, told = reader.read(raw["when"], subject), findings_of(raw.get("finding"), subject, reader)
    return Rule(
        raw["code"], tuple(codes), raw["title"], raw["severity"], subject, when, data["family"], data.get("source", ""), raw["when"],
        raw.get("why", ""), raw.get("mend", ""), findings=told,
    )  # fmt: skip


def files() -> list[Path]:
    """The rule files of the installed apps."""
    return [path for config in apps.get_app_configs() for path in sorted((Path(config.path) / "rules").glob("*.yaml"))]


@cache
def catalogue() -> tuple[Rule, ...]:
    """The rules that are built in. Raises RuleBroken. Which rules are in force on a day: `versions.active`."""
    return load(files())


@cache
def terms() -> Terms:
    """(subject, name) → (title, condition as written) of every term. Raises RuleBroken."""
    return _terms({path: _parse(path) for path in files()})
