"""The icon set: 16 × 16 line drawings of our own, told apart by shape and not by colour alone."""

from django.utils.safestring import SafeString, mark_safe

PATHS = {
    "lamp-ok": '<circle cx="8" cy="8" r="6.5"/><path d="M5 8.2l2.1 2.1L11 6"/>',
    "lamp-warn": '<path d="M8 1.8l6.6 12H1.4z"/><path d="M8 6v4M8 11.6v.6"/>',
    "lamp-bad": '<rect x="1.5" y="1.5" width="13" height="13" class="solid"/><path class="inverse" d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6"/>',
    "lamp-unknown": '<circle cx="8" cy="8" r="6.5" stroke-dasharray="2 2"/><path d="M6.2 6.3c.2-2.3 3.7-2.1 3.6 0-.1 1.3-1.8 1.4-1.8 2.8M8 11.4v.5"/>',
    "mark": '<path d="M2 4h4l1.5-2H14v12H2z"/><path d="M5 7.5h6M5 10.5h4"/>',
    "save": '<path d="M2 2h9.5L14 4.5V14H2z"/><path d="M5 2v4h5V2M5 14V9h6v5"/>',
    "camera": '<path d="M1.5 4.5h3l1-1.8h5l1 1.8h3v8.5h-13z"/><circle cx="8" cy="8.6" r="2.6"/>',
    "check": '<path d="M3 8.5l3.4 3.4L13 5"/>',
    "cloud": '<path d="M4.5 12.5h7a2.7 2.7 0 0 0 .2-5.4 3.8 3.8 0 0 0-7.3-.7 3 3 0 0 0 .1 6.1z"/>',
}


def svg(name: str) -> SafeString:
    """Markup of an icon. Raises KeyError for a name that is not in the set."""
    return mark_safe(
        f'<svg class="icon icon-{name}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">{PATHS[name]}</svg>'
    )
