"""Every address of the project with its full view name: what the matrix must classify."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver


@dataclass(frozen=True)
class Route:
    pattern: str
    name: str
    view: object


def routes(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    """All URL patterns below a resolver, depth first. A pattern without a name has name ''."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Route(path, f"{namespace}{entry.name or ''}" if entry.name else "", entry.callback)
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry, path, inner)
