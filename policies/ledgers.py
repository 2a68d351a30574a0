from typing import ClassVar

from django import forms
from django.utils import timezone

from households.forms.fields import OfHousehold
from jiyang.ledgers.columns import Column
from jiyang.ledgers.filters import LedgerFilter
from jiyang.ledgers.importing import Imports
from jiyang.ledgers.ledger import FormFor, Ledger
from jiyang.ui.forms import BigChoice, DayInput
from policies import services
from policies.models import LeafletDelivery, LeafletKind


class LeafletForm(OfHousehold):
    kind = forms.ChoiceField(label="明白纸", choices=LeafletKind.choices, widget=BigChoice)
    on = forms.DateField(label="发放日期", widget=DayInput, initial=timezone.localdate)
    receiver = forms.CharField(label="签收人", max_length=60)
    done_by = forms.CharField(label="发放人", required=False, max_length=120, help_text="不填就是本人")
    photo = forms.FileField(label="签收照片", required=False, help_text="JPG 或 PNG")

    paths: ClassVar = {**OfHousehold.paths, "on": "done_on"}


class LeafletFilter(LedgerFilter):
    search_in = ("household__household_no", "household__state__head_name")

    class Meta:
        model, fields, form = LeafletDelivery, ("kind", "year"), forms.Form


class LeafletLedger(Ledger):
    model, name = LeafletDelivery, "leaflet"
    title, noun, unit, menu_order = "明白纸", "发放", "份", 35
    related = ("household__state", "town", "village")
    columns = (
        Column("household__state__head_name", "户主", cell="link", sort="household__state__head_pinyin"),
        Column("household__household_no", "户编号", optional=True),
        Column("town__name", "镇街", sort="town__code"),
        Column("village__short_name", "行政村", sort="village__code"),
        Column("kind"),
        Column("year", optional=True),
        Column("done_on", "发放日期"),
        Column("done_by", "发放人", optional=True),
        Column("receiver", optional=True),
    )
    filterset, sort = LeafletFilter, "-done_on"
    create = FormFor(LeafletForm, services.deliver)
    imports = Imports("leaflet.import", ("household", "kind", "year"), services.fill)
