from django.db import models


class Level(models.TextChoices):
    DISTRICT = "district", "区县"
    TOWN = "town", "镇街"
    ZONE = "zone", "管区"
    VILLAGE = "village", "行政村"


class NameKind(models.TextChoices):
    OFFICIAL = "official", "现名"
    FORMER = "former", "曾用名"
    ALIAS = "alias", "别名"
