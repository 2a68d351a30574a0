"""What the rules found in the register (疑点线索): a lead is verified by a person, the machine decides nothing (DESIGN.md invariant 6)."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from households.models import Person, TierChange
from jiyang.access.matrix import matrix
from jiyang.access.scope import Actor, require
from jiyang.access.tables import Scoped
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord
from jiyang.rules.catalogue import SEVERITIES
from jiyang.rules.groups import UNSEEN, may_read
from jiyang.workflow.enums import ProposalState
from monitoring.enums import HitState

OPEN = (HitState.NEW, HitState.ASSIGNED)
TIERS = "TIER_"  # rules that suggest a tier (DOMAIN.md 3.1)
LOWER = "TIER_LOWER_"  # of a lower one: from, to (`monitoring.services.lowering`)


def lead_open_on(day: dt.date) -> Q:
    """A lead that was true on `day` and not decided by then; suggestions of tiers aside."""
    true = Q(first_seen__lte=day) & (Q(gone_on=None) | Q(gone_on__gt=day))
    return true & (Q(decided_on=None) | Q(decided_on__gt=day)) & Q(severity="lead") & ~Q(code__startswith=TIERS)


class RuleRun(Scoped):
    """规则运行: one pass of the rules in force over the register of a place. `outcomes` has a line for each rule.

    A line: {code, title, severity, hits, new, gone, reason} — `reason` says why the rule did not run, or why its hits are not
    kept one by one.
    """

    district = models.ForeignKey("regions.Region", models.PROTECT, related_name="+", verbose_name="区县")
    town = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街"
    )
    village = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="行政村"
    )
    day = models.DateField("日期")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="运行人"
    )
    started_at = models.DateTimeField("开始", auto_now_add=True)
    seconds = models.FloatField("用时（秒）", null=True)
    outcomes = models.JSONField("结果", default=list)

    objects = models.Manager.from_queryset(ScopedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "规则运行"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} 规则运行"


class RuleSeen(models.Model):
    """规则最近运行: the last day on which a rule ran over a whole district, or a town by itself, and kept what it found.

    A live hit was seen on the latest of its places' days: no run needs to be looked at again.
    """

    place = models.ForeignKey("regions.Region", models.CASCADE, related_name="+", verbose_name="辖区")
    code = models.CharField("规则", max_length=40)
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "规则最近运行"
        constraints = [models.UniqueConstraint(fields=["place", "code"], name="ruleseen_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.day}"


class HitQuerySet(ScopedQuerySet):
    def live(self) -> "HitQuerySet":
        return self.filter(gone_on=None)

    def waiting(self, day: dt.date) -> "HitQuerySet":
        """Leads that wait for somebody: true still, not decided, not muted."""
        muted = RuleMute.objects.filter(code=OuterRef("code"), until__gt=day)
        home, village = (
            muted.filter(household=OuterRef("household")),
            muted.filter(household=None, village=OuterRef("village")),
        )
        of_household = Q(household__isnull=False)
        return self.live().filter(~Exists(home), of_household | ~Exists(village), state__in=OPEN)

    def leads_of(self, actor: Actor, day: dt.date) -> "HitQuerySet":
        """Leads that wait for the actor."""
        rows = self.waiting(day).filter(severity="lead").exclude(code__startswith=TIERS)
        return rows._own(actor).order_by("-first_seen", "pk")

    def tiers_of(self, actor: Actor, day: dt.date) -> "HitQuerySet":
        """Suggestions of another tier, one for each household: of a higher one (A before B before C; none counts as C), or of a
        lower one where the grounds are gone. Nothing is suggested while a change waits for the district.
        """
        higher = Q(code__startswith=f"{TIERS}A") & ~Q(household__state__tier="A")
        higher |= Q(code__startswith=f"{TIERS}B") & ~Q(household__state__tier__in=("A", "B"))
        lower = Q(code__startswith=f"{LOWER}A", household__state__tier="A")
        lower |= Q(code__startswith=f"{LOWER}B", household__state__tier="B")
        asked = TierChange.objects.filter(household=OuterRef("household"), state=ProposalState.SUBMITTED)
        open_ones = self.waiting(day).filter(higher | lower).filter(~Exists(asked))
        first = open_ones.order_by("household", "code", "pk").distinct("household").values("pk")
        return self.filter(pk__in=first)._own(actor).order_by("code", "pk")

    def _own(self, actor: Actor) -> "HitQuerySet":
        """Assigned to the actor, or to nobody yet; the district only gets what is assigned to it."""
        mine = Q(assigned_to=actor.user)
        return self.filter(mine if actor.reach.districts else mine | Q(assigned_to=None))


def of_household() -> models.ForeignKey:
    """The household; none where the rule is about a village, whose place the row then carries itself."""
    return models.ForeignKey(
        settings.HOUSEHOLD_MODEL, models.PROTECT, null=True, blank=True, related_name="%(class)s_set", db_constraint=False, verbose_name="户"
    )  # fmt: skip


class RuleHit(HouseholdRecord):
    """规则命中. One live row for each rule and household (and person, and record of theirs), or record of a village: the same hit

    is never there twice.

    `text` is the rule's sentence with the values at the hit, `first_values` and `last_values` these values apart
    (`jiyang.rules.cited`), when it was found and by the last run that found them different. `gone_on`: the day on which it was no longer true; until then
    it was seen by every run. What comes back after it was gone is a new row: other values, another reason to look.
    """

    household = of_household()
    code = models.CharField("规则", max_length=40)
    number = models.PositiveIntegerField("规则版本", default=0)
    title = models.CharField("问题", max_length=200)
    severity = models.CharField("级别", max_length=8, choices=list(SEVERITIES.items()))
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="hits", verbose_name="人员")
    record = models.BigIntegerField(
        "记录", null=True, blank=True, editable=False
    )  # of a rule about neither household nor person
    text = models.TextField("依据", blank=True)
    unconfirmed = ArrayField(models.TextField(), verbose_name="未经核实的参数", default=list, blank=True)
    first_values = models.JSONField("首次发现时的值", null=True, blank=True, editable=False)
    last_values = models.JSONField("最近一次的值", null=True, blank=True, editable=False)
    state = models.CharField("状态", max_length=10, choices=HitState, default=HitState.NEW)
    first_seen = models.DateField("首次发现")
    gone_on = models.DateField("消失日期", null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="派给"
    )
    outcome = models.CharField("核实情况", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name="核实人",
    )
    decided_on = models.DateField("核实日期", null=True, blank=True)

    derived_when = "x.assigned_to_id is null and x.decided_by_id is null"
    objects = HitQuerySet.as_manager()
    history_words: ClassVar = dict.fromkeys(
        ("text", "first_values", "last_values"), lambda value: "（见命中页面）" if value else ""
    )

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "规则命中"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["household", "code", "person", "record"],
                condition=Q(gone_on=None, voided_at=None),
                nulls_distinct=False,
                name="rulehit_once",
                violation_error_message="这条规则的这一命中已经登记",
            ),
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(gone_on=None, voided_at=None, code__startswith=LOWER),
                name="rulehit_one_lower",
                violation_error_message="这户已有一条降类建议",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "explained", "dismissed"])
                | Q(decided_by__isnull=False, decided_on__isnull=False) & ~Q(outcome=""),
                name="rulehit_decided",
                violation_error_message="核实须写明情况、核实人和日期",
            ),
        ]
        indexes = [
            models.Index(fields=["code", "town"], condition=Q(gone_on=None), name="rulehit_live"),
            models.Index(fields=["-first_seen", "-id"], name="rulehit_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def told(self) -> str:
        """The sentence, where the actor may see every field it tells of; one of which that is unknown is for who sees all."""
        actor, values = require(), [*(self.first_values or ()), *(self.last_values or ())]
        if not values:
            seen = actor.field_groups.issuperset(matrix().field_groups)
        else:
            seen = all(may_read(actor, one["reads"]) for one in values)
        return self.text if seen else UNSEEN

    @property
    def whose(self) -> str:
        """What the hit is about: a household by its head, or a village."""
        return f"{self.household.state.head_name}户" if self.household_id else self.village.short_name

    @property
    def badge(self) -> str:
        return "未经核实" if self.unconfirmed else ""


class MuteQuerySet(ScopedQuerySet):
    def of(self, hit: RuleHit) -> "MuteQuerySet":
        """Of the hit's rule for its household, or for its village."""
        rows = self.filter(code=hit.code, household=hit.household_id)
        return rows if hit.household_id else rows.filter(village=hit.village_id)


class RuleMute(HouseholdRecord):
    """静默: a rule says nothing of a household, or a village, until a day, for a reason. Ended before, `until` is the day on which it was."""

    household = of_household()
    code = models.CharField("规则", max_length=40)
    until = models.DateField("静默至")
    reason = models.CharField("原因", max_length=200)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="提前结束人"
    )
    ended_on = models.DateField("提前结束日期", null=True, blank=True)
    end_reason = models.CharField("提前结束的原因", max_length=200, blank=True)

    objects = MuteQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "规则静默"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ended_by=None, ended_on=None, end_reason="")
                | Q(ended_by__isnull=False, ended_on__isnull=False) & ~Q(end_reason=""),
                name="rulemute_ended",
                violation_error_message="提前结束静默须写明原因、日期和结束人",
            ),
        ]
        indexes = [models.Index(fields=["household", "code", "until"], name="rulemute_of")]

    def __str__(self) -> str:
        return f"{self.code} 静默至 {self.until}"
