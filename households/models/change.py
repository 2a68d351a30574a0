"""Changes of people (人员变更): proposed by one person, decided by another, carried out on approval (DOMAIN.md 1.6)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from households.enums import ChangeKind, Relation
from jiyang.identifiers.encryption import EncryptedTextField
from jiyang.ledgers.records import HouseholdRecord
from jiyang.workflow.proposals import Proposal


class PersonChange(Proposal, HouseholdRecord):
    """人员变更 of `household`: what happened on `on`. Which of the other columns are filled depends on `kind`.

    Departures name `person` (and `target_household`, where they go to a household of the register); arrivals the new
    member; a split its `members` and their `new_head`; a merge the target; a move the target village.
    """

    act = "person.change"

    kind = models.CharField("变更原因", max_length=12, choices=ChangeKind)
    on = models.DateField("变更日期")
    note = models.CharField("说明", max_length=200)
    person = models.ForeignKey(
        "households.Person", models.PROTECT, null=True, blank=True, related_name="changes", verbose_name="人员"
    )
    relation = models.CharField("与户主关系", max_length=20, choices=Relation, blank=True)
    new_head = models.ForeignKey(
        "households.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="新户主"
    )
    members = ArrayField(models.BigIntegerField(), default=list, blank=True, verbose_name="分出人员")
    target_household = models.ForeignKey(
        "households.Household", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="转入户"
    )
    target_village = models.ForeignKey(
        "regions.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="迁入村"
    )
    new_name = models.CharField("姓名", max_length=60, blank=True)
    new_id_number = EncryptedTextField("证件号码", null=True, blank=True)
    new_birth_date = models.DateField("出生日期", null=True, blank=True)
    new_sex = models.CharField("性别", max_length=1, choices=[("m", "男"), ("f", "女")], blank=True)
    new_ethnic = models.CharField("民族", max_length=20, blank=True)
    result_household = models.ForeignKey(
        "households.Household",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name="分出的户",
    )

    field_groups = {"identity": ("new_id_number",)}
    masked = {"new_id_number": "id"}

    class Meta(HouseholdRecord.Meta):
        verbose_name = verbose_name_plural = "人员变更"
        constraints = [*HouseholdRecord.Meta.constraints, *Proposal.Meta.constraints]
        indexes = [
            models.Index(fields=["submitted_at"], condition=models.Q(state="submitted"), name="person_change_open")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on:%Y-%m-%d}"
