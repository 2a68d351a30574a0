"""The buttons of a batch's page as a browser presses them: each says what its page showed."""

import re

from django.http import HttpResponse
from django.test import Client

from jiyang.access.scope import system_scope
from jiyang.intake import acts
from jiyang.intake.models import Batch


def press(client: Client, page: str, act: str, batch: Batch, **data) -> HttpResponse:
    """Open `page` and send its form for the address `act`; where there is none, as if the batch were shown as it is."""
    form = rf'action="{re.escape(act)}(?:\?[^"]*)?"[^>]*>.*?name="seen" value="([^"]*)"'
    found = re.search(form, client.get(page).content.decode(), re.DOTALL)
    return client.post(act, {"seen": found[1] if found else _now(batch), **data})


def _now(batch: Batch) -> str:
    with system_scope("测试"):
        return acts.stamp(Batch.objects.get(pk=batch.pk))


def push(client: Client, ledger, act: str, batch: Batch, **data) -> HttpResponse:
    """A button of the page of a ledger's batch."""
    return press(client, ledger.url("import_batch", batch.pk), ledger.url(f"import_{act}", batch.pk), batch, **data)
