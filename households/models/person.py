"""Person (人员): one record for life; belonging to a household is a dated Membership (DESIGN.md section 9)."""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Value, When

from households.enums import Education, Health, IdKind, Labour, Relation, SchoolState
from households.models.conditions import Entitlements, Occupation, names_of
from jiyang.access.tables import Scoped, place_field
from jiyang.audit.tracking import Tracked
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import HouseholdRecord


def letters(expression) -> Func:
    """SQL array of single characters: GIN-indexed, it finds one Chinese character where trigrams need three."""
    return Func(expression, Value(None), function="string_to_array", output_field=ArrayField(models.TextField()))


class PersonQuerySet(ScopedQuerySet):
    def named_like(self, text: str) -> "PersonQuerySet":
        """People whose name contains `text`."""
        return self.annotate(name_letters=letters(F("name"))).filter(
            name_letters__contains=list(text), name__contains=text
        )

    def members_on(self, day: dt.date) -> "PersonQuerySet":
        """People who belonged to a household of the register on `day`. Closing a household ends its memberships."""
        return self.filter(Exists(Membership.objects.in_force(day).filter(person=OuterRef("pk"))))


class Person(Entitlements, Occupation, HouseholdRecord):
    """人员. `household` is the household whose file holds them: the present one, or the last for those who left.

    ID number and phone are encrypted; `id_index` is the blind index of the first 18 characters (DOMAIN.md 1.7, 1_01_001).
    """

    person_no = models.CharField("人编号", max_length=20, blank=True)
    name = models.CharField("姓名", max_length=60)
    name_pinyin = models.CharField("姓名拼音", max_length=120, blank=True, editable=False)
    id_kind = models.CharField("证件类型", max_length=20, choices=IdKind, blank=True)
    id_number = EncryptedTextField("证件号码", null=True, blank=True)
    id_index = models.BinaryField("证件索引", null=True, blank=True, editable=False)
    sex = models.CharField("性别", max_length=1, choices=[("m", "男"), ("f", "女")], blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    ethnic = models.CharField("民族", max_length=20, blank=True)
    education = models.CharField("文化程度", max_length=20, choices=Education, blank=True)
    school_state = models.CharField("在校生状况", max_length=20, choices=SchoolState, blank=True)
    health = ArrayField(
        models.CharField(max_length=20, choices=Health), verbose_name="健康状况", default=list, blank=True
    )
    labour = models.CharField("劳动技能", max_length=20, choices=Labour, blank=True)
    work_months = models.PositiveSmallIntegerField("务工时间（月）", null=True, blank=True)
    critical_illness_insured = models.BooleanField("是否参加大病保险", null=True, blank=True)
    phone = EncryptedTextField("人联系电话", null=True, blank=True)
    phone_index = models.BinaryField("人联系电话索引", null=True, blank=True, editable=False)
    identified_on = models.DateField("人员识别时间", null=True, blank=True)

    field_groups = {
        "identity": ("id_kind", "id_number"),
        "contact": ("phone",),
        "health": (
            "health",
            "critical_illness_insured",
            "disability_kind",
            "certificate_year",
            "resident_medical_insured",
            "employee_medical_insured",
            "commercial_medical_insured",
            "medical_aid",
            "serious_illness_aid",
            "other_health_aid",
        ),
        "income": ("subsistence_allowance", "destitute_support", "destitute_support_amount"),
        "labour": ("labour", "work_months", *names_of(Occupation)),
    }
    masked = {"id_number": "id", "phone": "phone"}
    objects = PersonQuerySet.as_manager()

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "人员"
        constraints = [
            *HouseholdRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["id_index"],
                condition=Q(voided_at=None, id_index__isnull=False),
                name="person_id_live",
                violation_error_message="证件号码已存在（可能在其他辖区），请核对",
            ),
            models.UniqueConstraint(
                fields=["person_no"],
                condition=Q(voided_at=None) & ~Q(person_no=""),
                name="person_no_live",
                violation_error_message="人编号已存在（可能在其他辖区），请核对",
            ),
        ]
        indexes = [GinIndex(letters(F("name")), name="person_name_letters", condition=Q(voided_at=None))]

    def __str__(self) -> str:
        return self.name

    def age_on(self, day: dt.date) -> int | None:
        """Full years on `day`; None without a birth date."""
        if self.birth_date is None:
            return None
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))


class MembershipQuerySet(ScopedQuerySet):
    def in_force(self, day: dt.date) -> "MembershipQuerySet":
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gt=day))

    def present(self) -> "MembershipQuerySet":
        """Who belongs to a household: whoever has been voided, as by the undo of an import, belongs to none."""
        return self.filter(until=None, person__voided_at=None)


class Membership(Scoped, Tracked):
    """家庭成员: a person in a household, dated [`since`, `until`), with relation and the reasons of coming and going.

    `is_registered_member`, `is_actual_resident`, `shares_budget`: DOMAIN.md 1.5; only `shares_budget` counts per head.
    """

    # checked once per statement, as those of `Record`
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        related_name="memberships",
        db_constraint=False,
        db_index=False,  # the key below begins with it
        verbose_name="人员",
    )
    household = models.ForeignKey(
        settings.HOUSEHOLD_MODEL, models.PROTECT, related_name="memberships", db_constraint=False, verbose_name="户"
    )
    district = place_field("区县")
    town = place_field("镇街")
    village = place_field("行政村")
    relation = models.CharField("与户主关系", max_length=20, choices=Relation, blank=True)
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)
    join_reason = models.CharField("增加原因", max_length=20, blank=True)
    leave_reason = models.CharField("减少原因", max_length=20, blank=True)
    is_registered_member = models.BooleanField("户籍成员", default=True, db_default=True)
    is_actual_resident = models.BooleanField("实际居住", default=True, db_default=True)
    shares_budget = models.BooleanField("共享收支", default=True, db_default=True)
    version = models.PositiveIntegerField("版本", default=1, db_default=1, editable=False)

    origin = models.ForeignKey(
        "intake.Batch",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        verbose_name="来源批次",
    )

    household_column = "household_id"
    field_groups: dict[str, tuple[str, ...]] = {}
    objects = models.Manager.from_queryset(MembershipQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "家庭成员"
        base_manager_name = "objects"
        constraints = [
            # of one person only one row is open; over all rows, so that this one index finds the ended ones as well
            models.UniqueConstraint(
                F("person"),
                Case(When(until=None, then=0), default=F("id"), output_field=models.BigIntegerField()),
                name="membership_one_open",
                violation_error_message="此人已在另一户，请先办理转出",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="membership_dates",
                violation_error_message="止日不能早于起日",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}@{self.household_id}"
