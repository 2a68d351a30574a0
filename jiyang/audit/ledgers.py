"""调阅日志 as a ledger, for the auditor: who read full numbers, exported, downloaded, logged in, was refused."""

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import QuerySet

from jiyang.access.scope import Actor
from jiyang.audit.enums import LogKind
from jiyang.audit.models import AccessLog
from jiyang.ledgers.columns import Column
from jiyang.ledgers.filters import LedgerFilter
from jiyang.ledgers.ledger import Ledger
from jiyang.ui.forms import DayInput


class LogFilter(LedgerFilter):
    village = None
    town = None
    kind = django_filters.ChoiceFilter(label="行为", empty_label="全部行为", choices=LogKind.choices)
    since = django_filters.DateFilter(field_name="at", lookup_expr="date__gte", label="起", widget=DayInput())
    until = django_filters.DateFilter(field_name="at", lookup_expr="date__lte", label="止", widget=DayInput())
    address = django_filters.CharFilter(label="来源地址", method="from_address")
    search_in = ("user__name", "user__username", "purpose")

    class Meta:
        model = AccessLog
        fields: list[str] = []
        form = forms.Form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["q"].label = "用户、用途"

    def from_address(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        try:
            validate_ipv46_address(value.strip())
        except ValidationError:
            return rows.none()
        return rows.filter(address=value.strip())


class AccessLogLedger(Ledger):
    model = AccessLog
    name, title, unit, noun = "log", "调阅日志", "条", "日志"
    menu_order = 130
    related = ("user",)
    columns = (
        Column("at", cell="moment"),
        Column("kind", cell="link", sort="kind"),
        Column("who", "用户"),
        Column("subject", "对象"),
        Column("purpose", "用途", sort=None),
        Column("rows", optional=True),
        Column("address", optional=True),
    )
    extra_export = (Column("user__username", "账号"), Column("row"), Column("columns"), Column("request"))
    filterset = LogFilter
    sort = "-at"
    empty = "还没有日志。"
    list_template = "audit/log.html"

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet:
        return AccessLog.objects.select_related(*cls.related)
