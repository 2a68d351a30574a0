"""Drafts of rules: what somebody is putting together, theirs alone, kept with every change until it is submitted or dropped."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from jiyang.access.scope import require
from jiyang.accounts.models import User
from jiyang.rules.builder.nodes import Node, as_json, from_json, group
from jiyang.rules.builder.opening import NotShown, opened
from jiyang.rules.fields import subjects
from jiyang.rules.models import RuleDraft, RuleVersion
from jiyang.rules.versions import latest, saying

ABOUT = ("title", "severity", "why", "mend", "source")


def drafts_of(user: User) -> QuerySet:
    return RuleDraft.objects.filter(user=user).order_by("-changed_at")


def begin(*, by: User, subject: str) -> RuleDraft:
    """A draft of a new rule; one that was begun before and left untouched. Raises PermissionDenied, ValidationError."""
    _need_maker()
    if subject not in subjects():
        raise ValidationError("请选择查什么对象")
    about = {"severity": "warning", "valid_from": str(timezone.localdate())}
    blank = {"code": "", "subject": subject, "form": _form(about, group(Node("row")))}
    return drafts_of(by).filter(**blank).first() or RuleDraft.objects.create(user=by, **blank)


def begin_change(*, by: User, code: str, number: int | None = None) -> RuleDraft:
    """The draft of a change to a rule, begun from a version (the latest agreed one); the one that is there already if there is.

    Raises PermissionDenied; ValidationError where the rule is unknown or its condition cannot be shown in rows.
    """
    _need_maker()
    if kept := drafts_of(by).filter(code=code).first():
        return kept
    version = latest(code) if number is None else saying(code, number)
    about = {name: getattr(version, name) for name in ABOUT} | {"valid_from": str(timezone.localdate())}
    form = _form(about, _rows(version))
    return RuleDraft.objects.create(user=by, code=code, based_on=version.number, subject=version.subject, form=form)


def _rows(version: RuleVersion) -> Node:
    """A version's condition as rows; what it names and is gone is told at its row."""
    subject = subjects().get(version.subject)
    if subject is None:
        raise ValidationError(f"没有这种对象“{version.subject}”，请另建一条规则")
    try:
        return opened(version.tree, subject)
    except NotShown as unshown:
        raise ValidationError(f"这条规则的写法不能在页面上改：{unshown}") from unshown


def keep(draft: RuleDraft, about: dict[str, str], root: Node) -> None:
    """Keep what is typed, right or wrong."""
    draft.form = _form(about, root)
    draft.save(update_fields=["form", "changed_at"])


def rebase(draft: RuleDraft, number: int) -> None:
    """Its maker has compared it with a version that became active meanwhile, and goes on from there."""
    overtaking = RuleVersion.objects.overtaking(draft.code, draft.based_on)
    if overtaking and overtaking.number == number:
        draft.based_on = number
        draft.save(update_fields=["based_on", "changed_at"])


def drop(draft: RuleDraft) -> None:
    """Submitted, or given up by its maker."""
    draft.delete()


def about_of(draft: RuleDraft) -> dict[str, str]:
    return draft.form["about"]


def root_of(draft: RuleDraft) -> Node:
    return from_json(draft.form["root"])


def version_of_draft(draft: RuleDraft, tree: Any) -> RuleVersion:
    """The draft as the version that it would become, for looking at; not stored."""
    about = about_of(draft)
    said = {name: str(about.get(name, "")) for name in ABOUT}
    return RuleVersion(code=draft.code, number=0, subject=draft.subject, tree=tree, family="", **said)


def _form(about: dict[str, str], root: Node) -> dict[str, Any]:
    return {"about": about, "root": as_json(root)}


def _need_maker() -> None:
    if not require().has("rule.make"):
        raise PermissionDenied("本岗位不能编写规则")
