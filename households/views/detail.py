"""The household's page (UI.md section 7): guarantees, members, income, timeline; other apps add their tabs."""

import datetime as dt
from decimal import Decimal

from django.db.models import F
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from households.enums import GuaranteeItem, GuaranteeState, Relation, RiskCause, RiskTier
from households.models import Household, IncomeStatement, Membership, Pairing, Person
from households.models.conditions import LivingConditions, names_of
from households.models.household import RISKS
from households.services import guarantees
from jiyang.access.scope import Actor
from jiyang.audit.history import changes_of
from jiyang.ledgers import tabs
from jiyang.ledgers.columns import Column, columns_for, may_see
from jiyang.ledgers.tabs import Entry
from jiyang.ledgers.views import LedgerDetailView
from jiyang.parameters import values

LAMPS = {
    GuaranteeState.MET: "ok",
    GuaranteeState.NOT_MET: "bad",
    GuaranteeState.NOT_APPLICABLE: "ok",
    GuaranteeState.UNCHECKED: "unknown",
}
OWN_TABS = (
    ("overview", "概况"),
    ("members", "成员"),
    ("income", "收入"),
    ("guarantees", "三保障"),
    ("helpers", "帮扶"),
    ("history", "变更记录"),
)
PHONE = Column("phone").bind(Household)
NUMBER = Column("id_number").bind(Person)
CONDITIONS = [Column(name).bind(Household) for name in names_of(LivingConditions)]
MEMBER_COLUMNS = [
    Column(path, label, optional=optional).bind(Person)
    for path, label, optional in (
        ("health", "健康状况", False), ("education", "文化程度", True), ("school_state", "在校", True), ("labour", "劳动技能", True),
        ("work_months", "务工（月）", True), ("critical_illness_insured", "大病保险", True),
    )
]  # fmt: skip


class HouseholdDetailView(LedgerDetailView):
    """One household. `?tab=` chooses; a tab costs its own queries only when it is open."""

    def get_queryset(self):
        return tabs.with_counts(super().get_queryset().with_decisions(), self.actor)

    def get_context_data(self, **kwargs) -> dict:
        household, actor = self.get_object(), self.actor
        context = super().get_context_data(**kwargs)
        extra = {tab.key: tab for tab in tabs.tabs_for(actor)}
        shown = self.request.GET.get("tab", "overview")
        if shown not in extra and shown not in dict(OWN_TABS):
            raise Http404("没有这一页")
        context |= {
            "household": household,
            "tab": shown,
            "tabs": [*OWN_TABS[:-1], *((tab.key, titled(tab, household)) for tab in extra.values()), OWN_TABS[-1]],
            "tier": tier_of(household),
            "title": household.state.head_name or str(household),
            "see": actor.field_groups,
            "see_case": actor.may_open("households:case_detail"),
            "can_case": actor.may_open("households:case_create"),
            "can_tier": actor.may_open("households:tier_set"),
            "can_pair": actor.may_open("households:pair"),
            "can_change": actor.may_open("households:change_new"),
            "can_income": actor.may_open("households:income_new") and "income" in actor.field_groups,
            "can_check": actor.may_open("households:guarantee_new"),
            "page_actions": tabs.actions_for(household, actor),
            "phone_masked": PHONE.value(household),
            "phone_reveal": f"{reverse('households:reveal', args=[household.pk])}?of=household&field=phone&row={household.pk}",
        }
        if shown in extra:
            return {**context, "tab_template": extra[shown].template, **extra[shown].context(household, actor)}
        return {
            **context,
            "tab_template": f"households/_{shown}.html",
            **getattr(self, f"show_{shown}")(household, actor),
        }

    def show_overview(self, household: Household, actor: Actor) -> dict:
        known = {**members_of(household, actor), **income_of(household, actor, 2), "lights": lights(household)}
        known |= {"risks": [RiskCause(one).label for one in risks_of(household)], "conditions": conditions(household)}
        return {**known, "timeline": timeline(household, actor), "missing": missing(household, actor, known)}

    def show_members(self, household: Household, actor: Actor) -> dict:
        return members_of(household, actor)

    def show_income(self, household: Household, actor: Actor) -> dict:
        return income_of(household, actor, 20)

    def show_guarantees(self, household: Household, actor: Actor) -> dict:
        return {"lights": lights(household)}

    def show_helpers(self, household: Household, actor: Actor) -> dict:
        rows = Pairing.objects.visible_to(actor).filter(household=household)
        return {"pairings": rows.order_by(F("until").desc(nulls_first=True), "-since")}

    def show_history(self, household: Household, actor: Actor) -> dict:
        people = [membership.person for membership in memberships(household, actor)]
        return {"changes": changes_of([household, *people], actor)}


def risks_of(household: Household) -> list[str]:
    return [household.case[name] for name in RISKS if household.case[name]] if household.case else []


def conditions(household: Household) -> list[tuple[str, str]]:
    """(heading, value) of the living conditions that are known."""
    return [(column.label, column.text(household)) for column in CONDITIONS if column.value(household) is not None]


def titled(tab: tabs.Tab, household: Household) -> str:
    """A tab's title with the number of its rows."""
    return f"{tab.title} {getattr(household, f'tab_{tab.key}') or 0}" if tab.counted else tab.title


def tier_of(household: Household) -> dict | None:
    """The decision in force today: {tier, reason, since, until, by}, or None."""
    today = timezone.localdate().isoformat()
    in_force = (
        one for one in household.decisions if one["since"] <= today and not (one["until"] and one["until"] <= today)
    )
    return next(in_force, None)


def memberships(household: Household, actor: Actor):
    rows = Membership.objects.visible_to(actor).present().filter(household=household)
    return rows.select_related("person").order_by("pk")


def members_of(household: Household, actor: Actor) -> dict:
    """Rows of the members' table, the head first; only columns of field groups the actor sees."""
    today, columns = timezone.localdate(), columns_for(MEMBER_COLUMNS, actor)
    found = sorted(memberships(household, actor), key=lambda one: (one.relation != Relation.HEAD, one.pk))
    rows = [
        {
            "person": one.person,
            "key": str(one.person.pk),
            "relation": one.get_relation_display(),
            "age": one.person.age_on(today),
            "number": NUMBER.value(one.person) if may_see(Person, "id_number", actor) else None,
            "cells": [{"text": column.text(one.person) or "—", "optional": column.optional} for column in columns],
        }
        for one in found
    ]
    return {"members": rows, "member_columns": columns, "sharing": sum(one.shares_budget for one in found)}


def income_of(household: Household, actor: Actor, most: int) -> dict:
    """Statements, newest first, and the monitoring line of the newest one's year with its badge."""
    if "income" not in actor.field_groups:
        return {"statements": []}
    rows = IncomeStatement.objects.visible_to(actor).filter(household=household).order_by("-year", "-pk")
    found = list(rows.prefetch_related("items")[:most] if most > 2 else rows[:most])
    if not found or found[0].per_head is None:
        return {"statements": found}
    newest, previous = found[0], found[1] if len(found) > 1 else None
    context = {"statements": found, "newest": newest, "previous": previous, "groups": groups_of(newest, previous)}
    context["has_groups"] = any(one["now"] is not None for one in context["groups"])
    if newest.people and newest.net is not None and (newest.claims or newest.own_payment):
        context["reference"] = newest.reference() / newest.people
    try:
        line = values.get("income_line.monitoring", on=dt.date(newest.year, 1, 1))
    except values.ParameterMissing as missing:
        return {**context, "line_missing": str(missing)}
    top = max(newest.per_head, Decimal(line.value)) * Decimal("1.2")
    return {
        **context,
        "line": line,
        "line_at": f"{100 * Decimal(line.value) / top:.2f}",
        "income_width": f"{max(Decimal(0), 100 * newest.per_head / top):.2f}",
    }


def groups_of(newest: IncomeStatement, previous: IncomeStatement | None) -> list[dict]:
    """The four incomes, business net of its cost, of this and the last period, with widths of their bars."""
    found = []
    for title, name in (
        ("工资性", "wage"),
        ("生产经营性（净）", "business"),
        ("财产性", "property"),
        ("转移性", "transfer"),
    ):
        now, before = (_net_of(one, name) if one else None for one in (newest, previous))
        found.append({"title": title, "now": now, "before": before})
    most = max((one[key] or Decimal(0) for one in found for key in ("now", "before")), default=Decimal(0)) or Decimal(1)
    for one in found:
        one["width"], one["width_before"] = (
            f"{max(Decimal(0), 100 * (one[key] or Decimal(0)) / most):.2f}" for key in ("now", "before")
        )
    return found


def _net_of(statement: IncomeStatement, name: str) -> Decimal | None:
    amount = getattr(statement, name)
    if name == "business" and amount is not None:
        return amount - (statement.business_cost or Decimal(0))
    return amount


def missing(household: Household, actor: Actor, known: dict) -> list[str]:
    """What the file still lacks, in words, of what the actor may see."""
    state, found = household.state, []
    if not household.household_no:
        found.append("户编号")
    if not state.helper_name:
        found.append("帮扶责任人")
    if not state.tier:
        found.append("ABC 分类")
    if "contact" in actor.field_groups and not household.phone:
        found.append("户联系电话")
    if "identity" in actor.field_groups:
        unnumbered = [row["person"].name for row in known["members"] if not row["number"]]
        if unnumbered:
            found.append(f"{'、'.join(unnumbered)}的证件号码")
    unclear = [row["person"].name for row in known["members"] if not row["relation"]]
    if unclear:
        found.append(f"{'、'.join(unclear)}与户主的关系")
    unchecked = [light["label"] for light in known["lights"] if light["lamp"] == "unknown"]
    if unchecked:
        found.append(f"{'、'.join(unchecked)}的核查")
    if "income" in actor.field_groups and not known.get("newest"):
        found.append("收入")
    return found


def lights(household: Household) -> list[dict]:
    """The five guarantee lights: the latest check of each item, else what the roster says, else not checked."""
    by_item: dict[str, list[dict]] = {}
    for check in household.checks:
        label = GuaranteeState(check["state"]).label
        by_item.setdefault(check["item"], []).append({**check, "label": label})
    stated, found = guarantees.stated(household), []
    for item in GuaranteeItem:
        history = by_item.get(item, [])
        if history:
            state, note = GuaranteeState(history[0]["state"]), history[0]["on"] or ""
        else:
            state = GuaranteeState(stated.get(item, GuaranteeState.UNCHECKED))
            note = "名单所载" if item in stated else ""
        light = {"label": item.label, "lamp": LAMPS[state], "state": state.label, "note": note}
        found.append({**light, "item": item.value, "history": history})
    return found


def timeline(household: Household, actor: Actor) -> list[Entry]:
    decided = [
        Entry(
            dt.date.fromisoformat(one["since"]),
            "分类",
            one["by"],
            one["reason"],
            tag=f"{one['tier']} 类 {RiskTier(one['tier']).label}",
        )
        for one in household.decisions
    ]
    return sorted([*decided, *tabs.timeline(household, actor)], key=lambda entry: entry.on, reverse=True)[:8]
