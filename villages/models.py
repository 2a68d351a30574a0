"""行政村信息: what the national system tells of each village, year by year (DOMAIN.md 1.2 Roster E)."""

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q

from households.models.columns import amount, count, flag
from jiyang.ledgers.querysets import ScopedQuerySet
from jiyang.ledgers.records import Record


class VillageYearQuerySet(ScopedQuerySet):
    def standing(self, day: dt.date) -> "VillageYearQuerySet":
        return self.filter(standing_on(day))


def standing_on(day: dt.date) -> Q:
    """The newest figures of each village that were known on `day`."""
    known = Q(done_on__lte=day, year__lte=day.year)
    newer = VillageYear.objects.filter(known, village=OuterRef("village"), year__gt=OuterRef("year"))
    return known & ~Exists(newer)


class VillageYear(Record):
    """行政村信息: one village in one year. Numbers as the official heading counts them, income in 万元."""

    year = models.PositiveSmallIntegerField("年度")
    households_total = count("总户数")
    people_total = count("总人口数")
    allowance_households = count("低保户数")
    allowance_people = count("低保人口数")
    destitute_people = count("特困供养人口数")
    disabled_people = count("残疾人口数")
    dangerous_house_households = count("危房户数")
    unsafe_water_households = count("未实现饮水安全户数")
    pension_people = count("参加城乡居民基本养老保险人数")
    collective_income_wan = amount("村级集体经济收入（万元）")
    primary_schools = count("村小学（个数）")
    clinics = count("行政村卫生室个数")
    doctors = count("行政村执业（助理）医师（人）")
    public_toilets = count("行政村公共卫生厕所个数")
    waste_points = count("行政村生产生活垃圾集中堆放点个数（个）")
    reading_rooms = count("行政村文化（图书）室个数（个）")
    paved_road = flag("到乡镇是否通沥青（水泥）路")
    bus_service = flag("是否通客运班车")
    lifted_village = flag("是否出列")

    objects = VillageYearQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = verbose_name_plural = "行政村信息"
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(town__isnull=False, village__isnull=False),
                name="villageyear_of_a_village",
                violation_error_message="请选择行政村",
            ),
            models.UniqueConstraint(
                fields=["village", "year"],
                condition=Q(voided_at=None),
                name="villageyear_once",
                violation_error_message="这个村这一年度的信息已经登记，请修改原有的一条",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.village.short_name} {self.year} 年"
