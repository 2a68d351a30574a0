"""What may happen to rules: a version is submitted, switched off or brought back; a second person activates or returns it.

A version begins today or later, and takes the place of whatever was to hold from its day on.
"""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.access.scope import require
from jiyang.accounts.models import User
from jiyang.rules.catalogue import SEVERITIES
from jiyang.rules.enums import VersionKind
from jiyang.rules.models import RuleVersion
from jiyang.rules.reading import RuleBroken, is_plain
from jiyang.rules.versions import SAID, in_use, jsonable, latest, rule_of, saying, standing_version
from jiyang.workflow import proposals
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.notices import notify

OWN_FAMILY, OWN_PREFIX = "自建规则", "L_"
MULTILINE = ("why", "mend")
WORDS = {"title": "名称", "reason": "变更说明", "why": "为什么查", "mend": "怎么改正", "source": "依据"}


@transaction.atomic
def submit(
    *, subject: str, title: str, severity: str, tree: Any, reason: str, by: User, code: str = "", source: str = "", why: str = "",
    mend: str = "", valid_from: dt.date | None = None, based_on: int | None = None,
) -> RuleVersion:  # fmt: skip
    """Submit what a rule shall say; without `code` a new rule, which gets one.

    Raises PermissionDenied, ValidationError with every reason at once.
    """
    _begin()
    before = latest(code) if code else None
    version = RuleVersion(
        code=code or _new_code(), number=_next_number(code), subject=subject, title=title.strip(), severity=severity,
        tree=jsonable(tree), reason=reason.strip(), source=source.strip(), why=_lines(why), mend=_lines(mend), based_on=based_on,
        family=before.family if before else OWN_FAMILY, sources=before.sources if before else [],
        valid_from=valid_from or timezone.localdate(), submitted_by=by,
    )  # fmt: skip
    version.sources = version.sources or [version.code]
    problems = [*_overtaken(version), *_problems(version), *_same(version)]
    if before and before.subject != subject:
        problems.append("规则查的对象不能改，请另建一条")
    return _put(version, problems)


@transaction.atomic
def switch_off(*, code: str, reason: str, by: User, valid_from: dt.date | None = None) -> RuleVersion:
    """Submit that a rule shall not run from a day on (停用). Raises as `submit`."""
    _begin()
    used = in_use(code)
    if used is None:
        raise ValidationError("这条规则没有在用，不用停用")
    version = _copy(used, reason=reason, by=by, valid_from=valid_from)
    version.kind = VersionKind.OFF
    return _put(version, _plain_problems(version))


@transaction.atomic
def bring_back(*, code: str, number: int, reason: str, by: User, valid_from: dt.date | None = None) -> RuleVersion:
    """Submit a new version that says what version `number` said (0: the built-in rule). Raises as `submit`."""
    _begin()
    version = _copy(saying(code, number), reason=reason, by=by, valid_from=valid_from)
    return _put(version, [*_problems(version), *_same(version)])


@transaction.atomic
def decide(*, proposal: RuleVersion, by: User, approve: bool, reason: str = "") -> RuleVersion:
    """Activate a version as it was submitted, today at the earliest, or return it.

    Raises as `proposals.decide`; ValidationError where its condition can no longer be read.
    """
    version = proposals.decide(proposal, by=by, approve=approve, reason=reason)
    if approve:
        _activate(version)
    told = "已生效" if approve else "被退回"
    notify([version.submitted_by], f"规则{told}：{version}", reverse("rules:version_detail", args=[version.pk]))
    return version


def _activate(version: RuleVersion) -> None:
    if version.kind == VersionKind.RULE:
        try:
            rule_of(version)
        except RuleBroken as broken:
            raise ValidationError(f"{broken}。请退回，由提交人改后重报") from broken
    version.valid_from = max(version.valid_from, timezone.localdate())
    version.save(update_fields=["valid_from"])
    standing = RuleVersion.objects.filter(code=version.code, state=ProposalState.APPROVED).exclude(pk=version.pk)
    for other in standing.filter(Q(valid_until=None) | Q(valid_until__gt=version.valid_from)):
        other.valid_until = max(other.valid_from, version.valid_from)
        other.save(update_fields=["valid_until"])


def _copy(said: RuleVersion, *, reason: str, by: User, valid_from: dt.date | None) -> RuleVersion:
    """A new version that says the same as another."""
    return RuleVersion(
        **{name: getattr(said, name) for name in ("code", *SAID)}, number=_next_number(said.code), based_on=said.number,
        reason=reason.strip(), submitted_by=by, valid_from=valid_from or timezone.localdate(),
    )  # fmt: skip


def _problems(version: RuleVersion) -> list[str]:
    """What is wrong with what a version says, and with its day."""
    problems = _plain_problems(version)
    if version.severity not in SEVERITIES:
        problems.append(f"严重程度只能是{'、'.join(SEVERITIES.values())}")
    try:
        rule_of(version)
    except RuleBroken as broken:
        problems.append(str(broken))
    return problems


def _plain_problems(version: RuleVersion) -> list[str]:
    needed = [f"请填写{WORDS[name]}" for name in ("title", "reason") if not getattr(version, name)]
    long = [
        f"{word}最多 {most} 字" for name, word in WORDS.items()
        if len(getattr(version, name)) > (most := RuleVersion._meta.get_field(name).max_length)
    ]  # fmt: skip
    odd = [
        f"{word}里有看不见的控制字符或乱码，请删去" for name, word in WORDS.items()
        if not all(map(is_plain, getattr(version, name).split("\n") if name in MULTILINE else [getattr(version, name)]))
    ]  # fmt: skip
    early = version.valid_from < timezone.localdate()
    return [*needed, *long, *odd, *(["生效日期不能早于今天，过去各天用过的规则不能改写"] if early else [])]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _overtaken(version: RuleVersion) -> list[str]:
    """What was agreed to since the change began is not undone unseen."""
    newer = RuleVersion.objects.overtaking(version.code, version.based_on)
    if newer is None:
        return []
    began = f"第 {version.based_on} 版" if version.based_on else "内置规则"
    return [
        f"这次修改从{began}开始，其后{newer.submitted_by.name}提交的第 {newer.number} 版（{newer.get_kind_display()}，"
        f"{newer.valid_from:%Y-%m-%d} 起）已经通过。请先对照第 {newer.number} 版，再决定是否提交"
    ]


def _same(version: RuleVersion) -> list[str]:
    standing = standing_version(version.code)
    if standing is None or any(getattr(version, name) != getattr(standing, name) for name in SAID if name != "tree"):
        return []
    try:
        same = rule_of(version).when == rule_of(standing).when
    except RuleBroken:
        return []
    return ["与现行版本完全相同，没有要改的"] if same else []


def _put(version: RuleVersion, problems: list[str]) -> RuleVersion:
    if RuleVersion.objects.filter(code=version.code, state=ProposalState.SUBMITTED).exists():
        problems = ["这条规则已有一版等待复核，先处理它", *problems]
    if problems:
        raise ValidationError(problems)
    version.save(force_insert=True)
    checkers = User.objects.holding(*matrix().roles_with("rule.check")).exclude(pk=version.submitted_by_id)
    notify(checkers, f"规则等待复核：{version}", reverse("rules:version_detail", args=[version.pk]))
    return version


def _begin() -> None:
    """Makers only. Numbers of rules and versions are given one after another: the lock falls with the transaction."""
    if not require().has("rule.make"):
        raise PermissionDenied("本岗位不能提交规则")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('rules.number'))")


def _next_number(code: str) -> int:
    return (RuleVersion.objects.filter(code=code).aggregate(last=Max("number"))["last"] or 0) + 1 if code else 1


def _new_code() -> str:
    own = RuleVersion.objects.filter(code__regex=rf"^{OWN_PREFIX}\d+$").values_list("code", flat=True).distinct()
    return f"{OWN_PREFIX}{max((int(code.removeprefix(OWN_PREFIX)) for code in own), default=0) + 1:03d}"
