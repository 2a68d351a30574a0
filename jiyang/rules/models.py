"""Rules made in the browser: each change is a version that a second person activates; a version is never changed."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Func, Q
from django.utils import timezone

from jiyang.audit.tracking import Tracked
from jiyang.rules.catalogue import SEVERITIES
from jiyang.rules.enums import Standing, VersionKind
from jiyang.rules.fields import subjects
from jiyang.workflow.enums import ProposalState
from jiyang.workflow.proposals import Proposal


def _subject(key: str) -> str:
    return subjects()[key].title if key in subjects() else key


class RuleVersionQuerySet(models.QuerySet):
    def on(self, day: dt.date) -> "RuleVersionQuerySet":
        """The versions in force on a day: at most one of a code."""
        approved = self.filter(state=ProposalState.APPROVED, valid_from__lte=day)
        return approved.filter(Q(valid_until=None) | Q(valid_until__gt=day))

    def overtaking(self, code: str, based_on: int | None) -> "RuleVersion | None":
        """The last version that two people agreed to after `based_on`, from which a change began."""
        if not code or based_on is None:
            return None
        newer = self.filter(code=code, state=ProposalState.APPROVED, number__gt=based_on)
        return newer.select_related("submitted_by").order_by("number").last()


class RuleVersion(Proposal, Tracked):
    """规则版本: what a rule says in [`valid_from`, `valid_until`), in place of the built-in one (version 0) of its code.

    `tree` is the condition as a rule file writes it. `kind` 停用: from that day the rule does not run. Days never overlap; one
    that another replaced before it began has no day at all. `based_on` is the version that the change began from.
    """

    act = "rule"
    history_words: ClassVar = {"subject": _subject, "sources": "、".join, "tree": lambda tree: "（见版本页面）"}

    code = models.CharField("编号", max_length=40)
    number = models.PositiveIntegerField("版本")
    kind = models.CharField("变更", max_length=10, choices=VersionKind, default=VersionKind.RULE)
    subject = models.CharField("对象", max_length=20)
    title = models.CharField("名称", max_length=80)
    severity = models.CharField("严重程度", max_length=10, choices=list(SEVERITIES.items()))
    family = models.CharField("类别", max_length=40, blank=True)
    sources = models.JSONField("上级编号", default=list, blank=True)
    source = models.CharField("依据", max_length=200, blank=True)
    why = models.CharField("为什么查", max_length=300, blank=True)
    mend = models.CharField("怎么改正", max_length=300, blank=True)
    tree = models.JSONField("条件")
    reason = models.CharField("变更说明", max_length=200)
    based_on = models.PositiveIntegerField("原版本", null=True, blank=True)
    valid_from = models.DateField("生效日期")
    valid_until = models.DateField("失效日期", null=True, blank=True, editable=False)

    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "规则版本"
        ordering = ["code", "number"]
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(fields=["code", "number"], name="rule_version_number"),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(state=ProposalState.SUBMITTED),
                name="rule_version_one_waiting",
                violation_error_message="这条规则已有一版等待复核",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="rule_version_above_built_in"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="rule_version_dates"
            ),
            ExclusionConstraint(
                name="rule_version_one_a_day",
                condition=Q(state=ProposalState.APPROVED),
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (
                        Func(F("valid_from"), F("valid_until"), function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                deferrable=Deferrable.DEFERRED,  # an activation ends the former version in a second statement
                violation_error_message="这条规则在这些天已有生效的版本",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title} 第 {self.number} 版"

    def standing(self, day: dt.date | None = None) -> Standing:
        """Where it stands on a day (today)."""
        day = day or timezone.localdate()
        if self.state != ProposalState.APPROVED:
            return {"submitted": Standing.WAITING, "returned": Standing.RETURNED}.get(self.state, Standing.WITHDRAWN)
        if self.valid_until is not None and (day >= self.valid_until or self.valid_until == self.valid_from):
            return Standing.PAST
        if day < self.valid_from:
            return Standing.COMING
        return Standing.OFF if self.kind == VersionKind.OFF else Standing.ACTIVE


class RuleDraft(models.Model):
    """规则草稿: what its maker has put together so far, as typed; nobody else sees it. Gone once it is submitted.

    `form` is the state of the builder (`builder.nodes`), right or wrong. No `code`: a rule that is new.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="rule_drafts", verbose_name="起草人"
    )
    code = models.CharField("编号", max_length=40, blank=True)
    based_on = models.PositiveIntegerField("原版本", null=True, blank=True)
    subject = models.CharField("对象", max_length=20)
    form = models.JSONField("填写的内容")
    changed_at = models.DateTimeField("修改时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "规则草稿"
        constraints = [
            models.UniqueConstraint(fields=["user", "code"], condition=~Q(code=""), name="rule_draft_one_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.code or '新规则'}（草稿）"
