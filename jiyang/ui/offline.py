"""Pages that open without network: apps register an empty shell for an address, the service worker keeps it (UI.md 8).

A shell is a page without a word about anybody; its script fills it from what this browser keeps for the signed-in user.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.urls import resolve, reverse

HERE = Path(__file__).parent
ALWAYS = ("css/app.css", "vendor/idb.js", "vendor/signature_pad.js")


@dataclass(frozen=True)
class Shell:
    """`pattern` of the addresses it stands in for (a regular expression over the path), the URL name that renders it,
    and the scripts it needs beside the kernel's own."""

    pattern: str
    view: str
    scripts: tuple[str, ...] = ()


_shells: dict[str, Shell] = {}


def shell(entry: Shell) -> None:
    _shells[entry.pattern] = entry


def names() -> list[str]:
    """The styles and scripts to keep."""
    own = {f"js/{path.name}" for path in (HERE / "static/js").glob("*.js")}
    own |= {script for entry in _shells.values() for script in entry.scripts}
    return [*ALWAYS, *sorted(own)]


def worker() -> str:
    """The service worker's script. Its version changes with any file or shell, so that browsers fetch anew."""
    shells = [[entry.pattern, reverse(entry.view)] for entry in _shells.values()]
    kept = {"files": [staticfiles_storage.url(name) for name in names()], "shells": shells}
    digest = hashlib.sha256(json.dumps(kept).encode())
    if settings.DEBUG:  # addresses are not hashed then: what the files hold decides
        for name in names():
            digest.update(Path(finders.find(name)).read_bytes())
    for _, address in shells:
        digest.update(_body(address))
    kept["version"] = digest.hexdigest()[:16]
    return f"const KEEP = {json.dumps(kept)};\n{_script()}"


def _body(address: str) -> bytes:
    """A shell's page as nobody in particular sees it."""
    found, request = resolve(address), HttpRequest()
    request.method, request.path = "GET", address
    return found.func(request, *found.args, **found.kwargs).render().content


@cache
def _script() -> str:
    return (HERE / "sw.js").read_text("utf-8")
