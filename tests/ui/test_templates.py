"""What the content security policy and htmx forbid stands in no template; colours are readable; the kit page is whole."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings

FORBIDDEN = {
    "inline style": r"\sstyle=", "inline handler": r"\son[a-z]+=", "style element": r"<style", "hx-on": r"hx-on", "hx-vals js": r"hx-vals=.js:",
    "hx-disable": r"hx-disable", "trigger filter": r"hx-trigger=\"[^\"]*\[", "inline script": r"<script(?![^>]*\ssrc=)",
}  # fmt: skip
TEMPLATES = sorted(settings.BASE_DIR.glob("templates/**/*.html"))
CSS = (settings.BASE_DIR / "jiyang/ui/static/css/app.css").read_text("utf-8")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR / "templates")))
def test_templates_hold_nothing_inline(path: Path):
    text = path.read_text("utf-8")
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)]
    assert found == []


def test_every_template_is_used():
    sources = [*settings.BASE_DIR.glob("*/**/*.py"), *TEMPLATES]
    text = "\n".join(path.read_text("utf-8") for path in sources if not {".venv", "node_modules"} & set(path.parts))
    names = [str(path.relative_to(settings.BASE_DIR / "templates")) for path in TEMPLATES]
    dynamic = {
        f"households/_{tab}.html" for tab in ("overview", "members", "income", "guarantees", "helpers", "history")
    } | {forms.Select.template_name}
    assert [name for name in names if name not in dynamic and text.count(name) == 0] == []


def luminance(colour: str) -> float:
    colour = colour.lstrip("#")
    colour = "".join(char * 2 for char in colour) if len(colour) == 3 else colour
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [("ink", "paper"), ("ink-2", "paper"), ("ink-3", "paper"), ("ink-3", "ground"), ("act", "paper"), ("act", "act-wash"), ("bad", "bad-wash"),
     ("warn", "warn-wash"), ("ok", "ok-wash"), ("info", "info-wash"), ("brand-2", "brand"), ("c-ink", "c-fill")],
)  # fmt: skip
def test_text_is_readable(ink, ground):
    tokens = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", CSS))
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


def test_style_keeps_to_the_browser_floor():
    assert not re.search(r":has\(|@layer|@container|color-mix|:is\(", CSS)


def test_the_kit_page_is_for_development_only(client, settings):
    assert client.get("/ui/").status_code == 404
    settings.DEBUG = True
    assert client.get("/ui/").status_code == 200


def test_error_pages_offer_a_way_on(client, db):
    page = client.get("/nowhere/")
    assert page.status_code == 404 and "回到工作台" in page.content.decode()


def test_a_csp_report_is_taken_and_nonsense_refused(client):
    report = {"csp-report": {"violated-directive": "script-src", "blocked-uri": "inline"}}
    assert client.post("/csp-report", report, content_type="application/json").status_code == 204
    for body in ("x", '{"csp-report": 5}', "[" * 8000):
        assert client.post("/csp-report", body, content_type="application/json").status_code == 400


def test_the_interface_addresses_nobody():
    """Wording: the act is named, nobody is addressed (no 您, no exclamation marks, no 贫困户)."""
    found = []
    for path in [*TEMPLATES, *settings.BASE_DIR.glob("*/**/*.py")]:
        if {".venv", "node_modules", "tests", "migrations"} & set(path.parts):
            continue
        found += [f"{path.name}: {word}" for word in ("您", "请耐心等待", "！") if word in path.read_text("utf-8")]
    assert found == []
