"""Facts of people and monitored households kept by hand; the roster import writes the same columns set-based."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from households.enums import Health, RiskCause
from households.models import CaseRecord, Household, Person
from households.models.household import RISKS
from jiyang.access.standing import held
from jiyang.accounts.models import User
from jiyang.identifiers.encryption import blind_index
from jiyang.ledgers.editing import claim


@transaction.atomic
def keep_case(*, by: User, household: Household, **fields: Any) -> CaseRecord:
    """A monitored household's record (监测信息). Raises ValidationError by field; IntegrityError where it has one already."""
    household = held(household)  # an import may be at it
    record = CaseRecord(entered_by=by, done_by=by.name, done_on=timezone.localdate())
    fill_case(record, {"household": household, **fields})
    record.save()
    return record


def fill_case(record: CaseRecord, values: dict[str, Any]) -> None:
    """Give a monitored household's record these values. Raises ValidationError by field."""
    settle_household(record, values)
    fill(record, {name: value for name, value in values.items() if name != "household"})


def settle_household(record: models.Model, values: dict[str, Any]) -> None:
    """Whose a new record is. Raises ValidationError for a household that has left the register."""
    if record.pk is None:
        household = values["household"]
        if household.closed_on:
            raise ValidationError({"household_no": f"该户已于 {household.closed_on} 核减"})
        record.household = household


@transaction.atomic
def edit_case(*, by: User, record: CaseRecord, version: int, **fields: Any) -> CaseRecord:
    """Change it. Raises ValidationError by field, Stale when somebody else changed it since `version`."""
    return store(claim(record, version), fields)


@transaction.atomic
def edit_person(*, by: User, record: Person, version: int, **fields: Any) -> Person:
    """Change what is neither identity nor membership. Raises ValidationError by field, Stale."""
    health = fields.get("health", ())
    if Health.HEALTHY in health and len(health) > 1:
        raise ValidationError({"health": "“健康”不能与其他健康状况同时选"})
    if fields.get("education") and fields.get("school_state"):
        raise ValidationError({"education": "在校生只填在校生状况，文化程度留空"})
    return store(claim(record, version), fields)


def store(record: models.Model, fields: dict[str, Any]) -> Any:
    """Save a record of the rosters' columns with these values."""
    fill(record, fields)
    record.save()
    return record


def fill(record: models.Model, fields: dict[str, Any]) -> None:
    """Give a record of the rosters' columns these values; masked ones get their blind index. Raises ValidationError."""
    for name, value in fields.items():
        setattr(record, name, value)
        if name in record.masked:
            setattr(record, name, value or None)
            setattr(record, f"{name}_index", blind_index(value) if value else None)
    if isinstance(record, CaseRecord):
        _check_risks(record)


def _check_risks(record: CaseRecord) -> None:
    """Up to five risks in order, each once; a disaster says which, 其他 says what (DOMAIN.md 1.6)."""
    chosen, problems = [getattr(record, name) for name in RISKS], {}
    for place, risk in enumerate(chosen):
        if risk and risk in chosen[:place]:
            problems[RISKS[place]] = "这一风险前面已经选过"
        elif risk and not all(chosen[:place]):
            problems[RISKS[place]] = "请按顺序填写，前面不要空着"
    if RiskCause.DISASTER in chosen and not record.disaster_kind:
        problems["disaster_kind"] = "选了“因自然灾害”，请选子项"
    if RiskCause.OTHER in chosen and not record.other_remark.strip():
        problems["other_remark"] = "选了“其他”，请写明是什么"
    if problems:
        raise ValidationError(problems)
