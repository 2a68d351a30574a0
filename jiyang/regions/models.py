"""Regions: permanent integer keys; 12-digit codes and names are dated attributes (DESIGN.md section 9, DOMAIN.md 14.3)."""

from django.db import models

from jiyang.audit.tracking import Tracked
from jiyang.regions.enums import Level, NameKind


class RegionQuerySet(models.QuerySet):
    def at(self, level: Level) -> "RegionQuerySet":
        return self.filter(level=level)

    def live(self) -> "RegionQuerySet":
        return self.filter(successor=None)

    def towns_of(self, rows: models.QuerySet) -> "RegionQuerySet":
        """The towns in which rows of a list lie, for its filter."""
        return self.filter(pk__in=rows.order_by().values("town").distinct()).order_by("code")

    def within(self, actor) -> "RegionQuerySet":
        """Regions the actor's postings reach: their own, all below and the path above."""
        reach = actor.reach
        if actor.is_system or reach.districts:
            return self.filter(models.Q(pk__in=reach.districts) | models.Q(district__in=reach.districts))
        own = [
            *reach.towns,
            *reach.villages,
            *(region.pk for region in actor.regions),
        ]  # a 管区 is in no reach of its own
        rows = self.filter(models.Q(pk__in=own) | models.Q(town__in=reach.towns))
        if reach.villages:  # and the towns they lie in
            above = Region.objects.filter(pk__in=reach.villages).values("town")
            return rows | self.filter(pk__in=above)
        return rows


class Region(Tracked):
    """区划: district, town, 管区 (zone) or village. The key never changes; code and name are the current ones.

    `district`/`town` repeat the path of a town, zone or village; `zone` is the optional 管区 of a village;
    `successor` points to the region a merged one went into.
    """

    level = models.CharField("级别", max_length=10, choices=Level)
    code = models.CharField("区划代码", max_length=12, unique=True)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    district = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属区县"
    )
    town = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="villages", verbose_name="所属镇街"
    )
    zone = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属管区")
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="并入")
    order = models.PositiveIntegerField("排序", default=0)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """Name without the committee's suffix, as officers say it: 李家坊村民委员会 → 李家坊村."""
        for suffix, kept in (("村民委员会", "村"), ("居民委员会", "")):
            if self.name.endswith(suffix) and len(self.name) > len(suffix):
                return (
                    self.name.removesuffix(suffix).removesuffix("村") + kept if kept else self.name.removesuffix(suffix)
                )
        return self.name


class RegionCode(Tracked):
    """区划代码沿革: a code of a region and when it was in force. Former codes stay findable (370125… → 370115…)."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="codes", verbose_name="区划")
    code = models.CharField("代码", max_length=12, db_index=True)
    since = models.DateField("启用日期", null=True, blank=True)
    until = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "区划代码沿革"
        constraints = [models.UniqueConstraint(fields=["region", "code"], name="region_code_once")]

    def __str__(self) -> str:
        return self.code


class RegionName(Tracked):
    """区划名称沿革: official, former and everyday names, dated; imports look names up here."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="names", verbose_name="区划")
    name = models.CharField("名称", max_length=60, db_index=True)
    kind = models.CharField("类别", max_length=10, choices=NameKind, default=NameKind.OFFICIAL)
    since = models.DateField("启用日期", null=True, blank=True)
    until = models.DateField("停用日期", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "区划名称沿革"
        constraints = [models.UniqueConstraint(fields=["region", "name", "kind"], name="region_name_once")]

    def __str__(self) -> str:
        return self.name
