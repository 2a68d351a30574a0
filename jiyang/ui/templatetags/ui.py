"""Filters and tags of the interface; built in to every template."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jiyang.ui import icons

register = template.Library()
SOON = 7  # days: amber from here to the day itself (UI.md section 7)


@register.filter
def money(value: Any) -> str:
    """`11,557.50`; — for nothing."""
    return "—" if value is None or value == "" else f"{Decimal(value):,.2f}"


@register.filter
def number(value: Any) -> str:
    return "—" if value is None or value == "" else f"{int(value):,}"


@register.filter
def day(value: Any) -> str:
    """`2021-10-26`; — for nothing."""
    if not value:
        return "—"
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value)
    return f"{value:%Y-%m-%d}"


@register.filter
def moment(value: dt.datetime | None) -> str:
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else "—"


@register.filter
def due_text(value: dt.date | None) -> str:
    """When something is due, in words: 超期 5 天, 今天到期, 10-29 前."""
    if not value:
        return "—"
    today = timezone.localdate()
    left = (value - today).days
    if left < 0:
        return f"超期 {-left} 天"
    if left == 0:
        return "今天到期"
    return f"{value:%m-%d} 前" if value.year == today.year else f"{value:%Y-%m-%d} 前"


@register.filter
def due(value: dt.date | None) -> SafeString | str:
    """`due_text` in its colour: overdue red, due within a week amber."""
    if not value:
        return "—"
    left = (value - timezone.localdate()).days
    tone = " due-bad" if left < 0 else " due-warn" if left <= SOON else ""
    return format_html('<span class="due{}">{}</span>', tone, due_text(value))


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline SVG of the icon set; decorative, the text beside it says the same."""
    return icons.svg(name)


@register.inclusion_tag("ui/tier.html")
def tier(value: str, size: str = "") -> dict:
    """The badge of a tier: letter, colour and shape; `size` = `big`."""
    return {
        "tier": value or "",
        "size": size,
        "title": {"A": "A 类 重点", "B": "B 类 关注", "C": "C 类 一般"}.get(value, "未分类"),
    }


@register.inclusion_tag("ui/lamp.html")
def lamp(state: str, label: str = "") -> dict:
    """A light: `ok`, `warn`, `bad` or `unknown`, each with its own shape and a spoken label."""
    words = {"ok": "正常", "warn": "需关注", "bad": "有问题", "unknown": "未核查"}
    return {"state": state, "label": label or words[state], "icon": icons.svg(f"lamp-{state}")}


@register.inclusion_tag("ui/bar.html")
def bar(parts: list[dict], total: int, width: int = 100) -> dict:
    """A stacked bar of `parts` [{value, kind}]; `width` is its share of the full length in per cent."""
    drawn, x = [], Decimal(0)
    for part in parts:
        share = Decimal(part["value"] * width) / Decimal(total) if total else Decimal(0)
        drawn.append({"x": f"{x:.2f}", "width": f"{share:.2f}", "kind": part["kind"]})
        x += share
    return {"parts": drawn, "label": "，".join(f"{part.get('label', part['kind'])} {part['value']}" for part in parts)}


@register.inclusion_tag("ui/figure.html")
def figure(value: int, url: str, size: str = "", tone: str = "") -> dict:
    """A number that is a link to exactly its list."""
    return {"value": value, "url": url, "size": size, "tone": tone}


@register.filter
def get(mapping: dict, key: Any) -> Any:
    return mapping.get(key) if mapping else None


@register.filter
def may_open(actor: Any, view: str) -> bool:
    """Whether the actor may open a page, by URL name."""
    return bool(actor) and actor.may_open(view)


@register.filter
def is_money(value: Any) -> bool:
    return isinstance(value, Decimal)


@register.simple_tag(takes_context=True)
def is_current(context: dict, section: str) -> bool:
    """Whether the page belongs to a module of the masthead."""
    match = getattr(context.get("request"), "resolver_match", None)
    return bool(match) and (match.view_name == section or match.view_name.startswith(f"{section}_"))
