"""Household (户): the aggregate that everything else of the register hangs on."""

import datetime as dt

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject

from households.enums import GuaranteeState, HouseholdType, MonitoringCategory, PovertyCause
from households.models.conditions import LivingConditions
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import Record

RISKS = tuple(f"risk_{number}" for number in range(1, 6))


def on_register(day: dt.date) -> Q:
    """In the register on `day` (脱贫享受政策户): registered by then and not closed by then."""
    return Q(registered_on__lte=day) & (Q(closed_on=None) | Q(closed_on__gt=day))


def monitored_on(day: dt.date) -> Q:
    """监测对象（未消除） on `day`: in the register, identified by then, risk not removed by then."""
    return on_register(day) & Q(risk_identified_on__lte=day) & (Q(risk_removed_on=None) | Q(risk_removed_on__gt=day))


class HouseholdQuerySet(ScopedQuerySet):
    def on_register(self, day: dt.date) -> "HouseholdQuerySet":
        return self.filter(on_register(day))

    def monitored_on(self, day: dt.date) -> "HouseholdQuerySet":
        return self.filter(monitored_on(day))

    def unmet_on(self, day: dt.date) -> "HouseholdQuerySet":
        """Households of which some guarantee's latest check by `day` says 不达标. Starts from the checks, which are few."""
        from households.models.guarantee import GuaranteeCheck

        checks = GuaranteeCheck.objects.filter(done_on__lte=day).order_by("household", "item", "-done_on", "-pk")
        latest = checks.distinct("household", "item").values("pk")
        unmet = GuaranteeCheck.objects.filter(pk__in=latest, state=GuaranteeState.NOT_MET)
        return self.filter(pk__in=unmet.values("household"))

    def in_tier_on(self, tier: str, day: dt.date) -> "HouseholdQuerySet":
        """Households whose tier decision in force on `day` says `tier`; "" = not yet classified."""
        from households.models.tier import TierDecision

        decided = TierDecision.objects.on(day).filter(household=OuterRef("pk"))
        rows = self.on_register(day)
        if not tier:
            return rows.filter(~models.Exists(decided))
        return rows.filter(models.Exists(decided.filter(tier=tier)))

    def visit_due_by(self, day: dt.date) -> "HouseholdQuerySet":
        return self.filter(state__next_visit_on__lte=day)

    def visit_overdue_on(self, day: dt.date) -> "HouseholdQuerySet":
        """走访超期: the day by which the tier's interval wanted a visit lies before `day`."""
        return self.filter(state__next_visit_on__lt=day)

    def with_decisions(self) -> "HouseholdQuerySet":
        """Annotate `decisions` and `checks`: the latest tier decisions and guarantee checks as dicts, newest first; and
        `case`: {pk, risk_1…5} of the monitoring record, or None.

        They ride on the household's own query, so that its page needs none of its own for them.
        """
        from households.models.case import CaseRecord
        from households.models.guarantee import GuaranteeCheck
        from households.models.tier import TierDecision

        case = CaseRecord.objects.filter(household=OuterRef("pk"))
        decided = TierDecision.objects.filter(household=OuterRef("pk"), voided_at=None).order_by("-since", "-pk")
        checked = GuaranteeCheck.objects.filter(household=OuterRef("pk")).order_by("-done_on", "-pk")
        return self.annotate(
            case=models.Subquery(case.values(data=JSONObject(pk="pk", **{name: name for name in RISKS}))[:1]),
            decisions=ArraySubquery(
                decided.values(
                    data=JSONObject(tier="tier", reason="reason", since="since", until="until", by="done_by")
                )[:20]
            ),
            checks=ArraySubquery(
                checked.values(
                    data=JSONObject(item="item", state="state", on="done_on", evidence="evidence", by="done_by")
                )[:50]
            ),
        )


class Household(LivingConditions, Record):
    """户. Source: DOMAIN.md 1.2 (Rosters A, C, F) and 1.3. Money in 元, areas in 亩 or m².

    The place lives in the path of `Record`; a move changes it and the database carries every row of the household along.
    """

    household_no = models.CharField("户编号", max_length=20, blank=True)
    household_type = models.CharField("户类型", max_length=20, choices=HouseholdType, blank=True)
    hamlet = models.CharField("自然村", max_length=60, blank=True)
    address = models.CharField("家庭住址", max_length=120, blank=True)
    phone = EncryptedTextField("户联系电话", blank=True, null=True)
    phone_index = models.BinaryField("户联系电话索引", null=True, blank=True, editable=False)
    stated_size = models.PositiveSmallIntegerField("人数（名单所载）", null=True, blank=True)
    poverty_cause = models.CharField("致贫原因", max_length=20, choices=PovertyCause, blank=True)
    dangerous_house = models.BooleanField("是否危房户", null=True, blank=True)
    safe_water = models.BooleanField("是否解决安全饮用水", null=True, blank=True)
    identified_on = models.DateField("首次识别时间", null=True, blank=True)
    category = models.CharField("监测对象类别", max_length=20, choices=MonitoringCategory, blank=True)
    risk_identified_on = models.DateField("风险识别时间", null=True, blank=True)
    risk_removed_on = models.DateField("风险消除时间", null=True, blank=True)
    risk_removed = models.BooleanField("风险是否消除", null=True, blank=True)
    registered_on = models.DateField("入册日期")
    closed_on = models.DateField("核减日期", null=True, blank=True, editable=False)
    close_reason = models.CharField("核减原因", max_length=60, blank=True, editable=False)

    household_column = "id"
    field_groups = {"contact": ("phone",), "income": ("income_per_head",)}
    masked = {"phone": "phone"}
    objects = HouseholdQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = verbose_name_plural = "户"
        constraints = [
            *Record.Meta.constraints,
            models.UniqueConstraint(
                fields=["household_no"],
                condition=Q(voided_at=None) & ~Q(household_no=""),
                name="household_no_live",
                violation_error_message="户编号已存在（可能在其他辖区），请核对",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None, close_reason="") | (Q(closed_on__isnull=False) & ~Q(close_reason="")),
                name="household_closed_pair",
                violation_error_message="核减须写明日期和原因",
            ),
            models.CheckConstraint(
                condition=Q(risk_removed_on=None)
                | Q(risk_identified_on=None)
                | Q(risk_removed_on__gte=F("risk_identified_on")),
                name="household_risk_dates",
                violation_error_message="风险消除时间不能早于风险识别时间",
            ),
        ]
        indexes = [models.Index(fields=["district", "registered_on"])]

    def __str__(self) -> str:
        return self.household_no or f"户{self.pk}"

    @property
    def monitoring_status(self) -> str:
        """状态 of the list: 监测中, 风险已消除, or empty for a household that never was monitored."""
        if not self.category:
            return ""
        return "风险已消除" if self.risk_removed or self.risk_removed_on else "监测中"
