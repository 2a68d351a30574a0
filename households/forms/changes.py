"""The form of a change of people asks only what its kind needs."""

from django import forms

from households.enums import ARRIVALS, DEPARTURES, ChangeKind, Relation
from households.forms.register import VillageChoice, with_town
from households.models import Household, Person
from households.services.change_checks import open_members
from jiyang.ledgers.columns import may_see
from jiyang.regions.enums import Level
from jiyang.regions.models import Region
from jiyang.ui.forms import DayInput, KernelForm

ALWAYS = ("on", "note")
RELATIONS = [("", "请选择"), *((value, label) for value, label in Relation.choices if value != Relation.HEAD)]
FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(DEPARTURES, ("person", "new_head")),
    ChangeKind.MARRIED_OUT: ("person", "new_head", "target_no", "relation"),
    ChangeKind.OTHER_OUT: ("person", "new_head", "target_no", "relation"),
    **dict.fromkeys(ARRIVALS, ("new_name", "new_id_number", "relation", "new_ethnic")),
    ChangeKind.NEWBORN: ("new_name", "new_id_number", "new_birth_date", "new_sex", "relation", "new_ethnic"),
    ChangeKind.RETURNED: ("person", "relation"),
    ChangeKind.HEAD: ("new_head",),
    ChangeKind.SPLIT: ("members", "new_head", "target_village"),
    ChangeKind.MERGE: ("target_no",),
    ChangeKind.MOVE: ("target_village",),
    ChangeKind.CLOSE: (),
}
HINTS = {
    ("new_head", "leave"): "离开的是户主时选择；其他情况不选",
    ("target_no", "leave"): "去了本区另一户时填它的户编号",
    ("relation", "leave"): "填了转入户时，写明在新户里与户主的关系",
    ("target_village", ChangeKind.SPLIT): "留在本村不用选",
}


class ChangeForm(KernelForm):
    """人员变更 of one household."""

    person = forms.ModelChoiceField(None, label="人员", empty_label="请选择")
    members = forms.ModelMultipleChoiceField(None, label="分出的成员", widget=forms.CheckboxSelectMultiple)
    new_head = forms.ModelChoiceField(None, label="新户主", empty_label="请选择")
    new_name = forms.CharField(label="姓名", max_length=60)
    new_id_number = forms.CharField(label="证件号码", max_length=24)
    new_birth_date = forms.DateField(label="出生日期", widget=DayInput, required=False, help_text="有证件号码的不用填")
    new_sex = forms.ChoiceField(
        label="性别", choices=[("", "请选择"), ("m", "男"), ("f", "女")], required=False, help_text="有证件号码的不用填"
    )
    relation = forms.ChoiceField(label="与户主关系", choices=RELATIONS)
    new_ethnic = forms.CharField(label="民族", max_length=20, initial="汉族")
    target_no = forms.CharField(label="转入户的户编号", max_length=20)
    target_village = VillageChoice(None, label="迁入村", empty_label="请选择")
    on = forms.DateField(label="变更日期", widget=DayInput)
    note = forms.CharField(label="说明", max_length=200, help_text="写明事实和凭据，如“死亡证明 2021-10-12”")

    def __init__(self, *args, household: Household, kind: str, **kwargs):
        super().__init__(*args, **kwargs)
        wanted = FIELDS[kind]
        for name in [name for name in self.fields if name not in (*wanted, *ALWAYS)]:
            del self.fields[name]
        leaves = kind in DEPARTURES
        for (name, when), hint in HINTS.items():
            if name in self.fields and when in {kind, "leave" if leaves else ""}:
                self.fields[name].help_text, self.fields[name].required = hint, False
        if kind == ChangeKind.NEWBORN:
            self.fields["new_id_number"].required = False
            self.fields["new_id_number"].help_text = "还没有落户的可以暂缺"
        self._people(household, kind)
        if "target_village" in self.fields:
            villages = Region.objects.at(Level.VILLAGE).live().filter(district=household.district_id)
            self.fields["target_village"].queryset = with_town(villages.exclude(pk=household.village_id))
        if not may_see(Person, "id_number", self.actor):
            self.fields.pop("new_id_number", None)

    def _people(self, household: Household, kind: str) -> None:
        present = open_members(household)
        own = Person.objects.visible_to(self.actor).filter(household=household)
        people = own.exclude(pk__in=present) if kind == ChangeKind.RETURNED else own.filter(pk__in=present)
        for name in {"person", "members", "new_head"} & set(self.fields):
            self.fields[name].queryset = people.order_by("pk")
        if "new_head" in self.fields:  # who alone is head cannot become it
            heads = [key for key, one in present.items() if one.relation == Relation.HEAD]
            rest = people if len(heads) > 1 else people.exclude(pk__in=heads)
            self.fields["new_head"].queryset = rest.order_by("pk")

    def clean_members(self) -> list[int]:
        return [person.pk for person in self.cleaned_data["members"]]
