"""台账 on a household's page: its rows in every ledger of household records that has no tab of its own. Nothing to register."""

from jiyang.access.scope import Actor
from jiyang.ledgers import registry, tabs
from jiyang.ledgers.columns import columns_for
from jiyang.ledgers.records import HouseholdRecord

MOST = 20  # rows of each ledger; the whole list is a link away


def blocks(household, actor: Actor) -> dict:
    """One block per ledger the actor may open: columns, newest rows with address, the list, a new one. A query each."""
    found = []
    for ledger in registry.ledgers():
        if not issubclass(ledger.model, HouseholdRecord) or ledger.own_tab or not actor.may_open(f"{ledger.key}_list"):
            continue
        columns = [
            one
            for one in columns_for(ledger.columns, actor)
            if not one.path.startswith(("household", "town", "village"))
        ]
        rows = ledger.rows(actor).filter(household=household).order_by("-pk")[:MOST]
        lines = [{"url": ledger.url_of(row), "cells": [one.text(row) or "—" for one in columns]} for row in rows]
        may_create = ledger.create and actor.may_open(f"{ledger.key}_create")
        create = f"{ledger.url('create')}?household_no={household.household_no}" if may_create else ""
        found.append({"ledger": ledger, "columns": columns, "lines": lines, "create_url": create})
    return {"blocks": found}


tabs.tab(tabs.Tab("ledgers", "台账", 80, "home", "ledgers/_household.html", blocks))
