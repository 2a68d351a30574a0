"""What the forms of household records have in common."""

from collections.abc import Iterable
from typing import ClassVar

from django import forms
from django.db.models import Q

from households.models import Household, Person
from jiyang.identifiers.encryption import blind_index
from jiyang.intake.cells import narrow
from jiyang.ui.forms import KernelForm

YES_NO = [("", "未填"), ("True", "是"), ("False", "否")]


def yes_no(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=YES_NO, required=False, empty_value=None, coerce=lambda value: value == "True"
    )


class OfHousehold(KernelForm):
    """Base of forms that make a household's record: asks for its number, hands the service the `household`."""

    household_no = forms.CharField(label="户编号", max_length=20)

    paths: ClassVar = {"household_no": "household__household_no"}
    _households: dict[str, Household] | None = None

    def preload(self, columns: dict[str, set[str]]) -> None:
        self._households = self._numbered(columns.get("household_no", ()))

    def _numbered(self, numbers: Iterable[str]) -> dict[str, Household]:
        found = Household.objects.visible_to(self.actor).filter(household_no__in=set(numbers)).select_related("state")
        return {one.household_no: one for one in found}

    def clean(self) -> dict:
        values = super().clean()
        number = values.pop("household_no", "").strip()
        if number:
            known = self._numbered([number]) if self._households is None else self._households
            if number not in known:
                self.add_error("household_no", "本辖区没有这个户编号，请核对")
            values["household"] = known.get(number)
        return values


class OfMember(OfHousehold):
    """Base of forms about one member of a household, named by number and name or by the ID number: hands the service the
    `person`."""

    household_no = forms.CharField(label="户编号", max_length=20, required=False)
    member = forms.CharField(label="姓名", max_length=60, required=False, help_text="同户有同名的，填人编号")
    id_number = forms.CharField(
        label="证件号码", max_length=30, required=False, help_text="填了证件号码，可不填户编号和姓名"
    )

    # a file's column: the list's own export tells members of one name apart by it
    person_no = forms.CharField(label="人编号", max_length=30, required=False, widget=forms.HiddenInput)

    paths: ClassVar = {
        **OfHousehold.paths,
        "member": "person__name",
        "id_number": "person__id_number",
        "person_no": "person__person_no",
    }
    _members: list[Person] | None = None

    def preload(self, columns: dict[str, set[str]]) -> None:
        super().preload(columns)
        self._members = self._people(self._households.values(), map(as_number, columns.get("id_number", ())))

    def _people(self, households: Iterable[Household], numbers: Iterable[str]) -> list[Person]:
        """Members of these households and whoever has one of these ID numbers. One query."""
        indexes = [blind_index(number) for number in set(numbers) if number]
        asked = Q(household__in=[one.pk for one in households]) | Q(id_index__in=indexes)
        rows = Person.objects.visible_to(self.actor).filter(asked, memberships__until=None)
        return list(rows.select_related("household__state").distinct())

    def clean(self) -> dict:
        values = super().clean()
        household, said = values.pop("household", None), values.pop("member", "").strip()
        number, own = as_number(values.pop("id_number", "")), values.pop("person_no", "").strip()
        if self.errors.keys() & {"household_no", "member", "id_number"}:
            return values
        if not number and not (household and (said or own)):
            for name in [name for name, given in (("household_no", household), ("member", said or own)) if not given]:
                self.add_error(name, f"请填写{self.fields[name].label}，或填证件号码")
            return values
        people = self._people([household] if household else [], [number]) if self._members is None else self._members
        found, problem = _member_of(people, household, said, number, own)
        if problem:
            self.add_error("id_number" if number else "member", problem)
        else:
            values["person"] = found
        return values


def as_number(text: str) -> str:
    return narrow(text).upper()


def _member_of(
    people: list[Person], household: Household | None, said: str, number: str, own: str
) -> tuple[Person | None, str]:
    """Whom a line means by household, name, ID number and person number, and what speaks against it."""
    if number:
        found = [one for one in people if one.id_number == number]
        if not found:
            return None, "本辖区没有这个证件号码的成员，请核对"
        if (household and found[0].household_id != household.pk) or (not _is_called(found[0], said, own)):
            return None, "证件号码与户编号、姓名不是同一个人，请核对"
        return found[0], ""
    found = [one for one in people if one.household_id == household.pk and _is_called(one, said, own)]
    if len(found) == 1:
        return found[0], ""
    return None, "这户有两人同名，请填人编号" if found else "这户没有这位成员，请核对"


def _is_called(person: Person, said: str, own: str) -> bool:
    return (not said or said in {person.name, person.person_no}) and (not own or own == person.person_no)
