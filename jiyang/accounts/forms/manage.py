"""Forms of account management. Last days are typed as officers say them: 最后一天 counts in."""

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.accounts.models import User
from jiyang.accounts.services import deputies
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.ui.forms import DayInput, KernelForm, day_after


class UserForm(KernelForm):
    """新建用户."""

    username = forms.CharField(
        label="账号", max_length=40, help_text="字母开头，字母、数字、下划线、点，如 zhanglg；建立后不能改",
        validators=[RegexValidator(r"^[A-Za-z][A-Za-z0-9_.]{2,}$", "账号以字母开头，只用字母、数字、下划线和点，至少 3 位")],
    )  # fmt: skip
    name = forms.CharField(label="姓名", max_length=40, help_text="一人一号，写真实姓名")
    office = forms.CharField(label="单位", max_length=60, help_text="如 仁风镇、区衔接办")


class UserEditForm(KernelForm):
    name = forms.CharField(label="姓名", max_length=40)
    office = forms.CharField(label="单位", max_length=60)

    def __init__(self, *args, record=None, **kwargs):
        kwargs.setdefault("initial", {"name": record.name, "office": record.office})
        super().__init__(*args, record=record, **kwargs)


class ReasonForm(KernelForm):
    reason = forms.CharField(label="原因", max_length=200, help_text="如“调离本单位”，写入变更记录")


class ConfirmForm(KernelForm):
    """An act without questions."""


class DatesForm(KernelForm):
    """Since and last day; `until` is the day after the last one, as postings keep it."""

    def clean(self) -> dict:
        data = super().clean()
        if "last_day" in self.fields:
            data["until"] = day_after(data.pop("last_day", None))
        return data


class RegionChoice(forms.ModelChoiceField):
    def label_from_instance(self, region: Region) -> str:
        inside = f"{region.town.name} " if region.town_id else ""
        return f"{inside}{region.short_name}"


class AskForm(DatesForm):
    """申请岗位."""

    role = forms.ChoiceField(label="角色")
    town = forms.ModelChoiceField(
        label="镇街", queryset=Region.objects.none(), required=False, empty_label="（区级）", help_text="区级角色不选；授权户角色（帮扶责任人等）不选"
    )  # fmt: skip
    place = RegionChoice(
        label="管区或行政村", queryset=Region.objects.none(), required=False, empty_label="（全镇街）", help_text="只有管区、村级角色才选"
    )  # fmt: skip
    since = forms.DateField(label="起", widget=DayInput(), initial=timezone.localdate)
    last_day = forms.DateField(
        label="最后一天", widget=DayInput(), required=False, help_text="到期自动结束；不填为长期"
    )
    reason = forms.CharField(label="事由", max_length=200, help_text="如“接替张立国”")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", "请选择")] + [(role.key, role.title) for role in matrix().roles.values()]
        live = Region.objects.live()
        self.fields["town"].queryset = live.at(Level.TOWN).order_by("code")
        self.fields["place"].queryset = (
            live.filter(level__in=[Level.ZONE, Level.VILLAGE]).select_related("town").order_by("town__code", "code")
        )

    def clean(self) -> dict:
        """One region of the three answers: the place, else the town, else the district, as the role's reach wants."""
        data = super().clean()
        town, place, role = data.pop("town", None), data.pop("place", None), matrix().roles.get(data.get("role", ""))
        if place and town and place.town_id != town.pk:
            self.add_error("place", f"{place.short_name}不在{town.name}，请改镇街或另选")
        data["region"] = place or town
        if role and data["region"] is None and role.reach in {"district", "none"}:
            data["region"] = Region.objects.at(Level.DISTRICT).filter(pk__in=self.actor.reach.districts).first()
        return data


class ProlongForm(DatesForm):
    last_day = forms.DateField(label="新的最后一天", widget=DayInput(), required=False, help_text="不填为长期")
    reason = forms.CharField(label="事由", max_length=200)


class EndForm(KernelForm):
    reason = forms.CharField(label="原因", max_length=200, help_text="如“调离”。今天起不再有这个岗位，其代理同时结束")


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, user: User) -> str:
        return f"{user.name}（{user.office or user.username}）"


class DeputyForm(DatesForm):
    """指定代理."""

    deputy = PersonChoice(
        label="代理人", queryset=User.objects.none(), empty_label="请选择", help_text="同一镇街或区级在岗的同志"
    )
    since = forms.DateField(label="起", widget=DayInput(), initial=timezone.localdate)
    last_day = forms.DateField(label="最后一天", widget=DayInput(), help_text="到期自动结束")
    reason = forms.CharField(label="事由", max_length=200, help_text="如“外出学习”")

    def __init__(self, *args, record=None, **kwargs):
        super().__init__(*args, record=record, **kwargs)
        self.fields["deputy"].queryset = (
            deputies.candidates(record).exclude(pk=self.actor.user.pk).order_by("office", "name")
        )
