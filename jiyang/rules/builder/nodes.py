"""What stands on the builder's page: a tree of rows and groups with every word as typed, right or wrong.

It travels as form fields named by place (`n.0.2.value`: the value of the third thing in the first thing of all), packed into
one where the page has its script: a large rule has more fields than a request may hold. It is kept as JSON in a draft.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from jiyang.ledgers.terms import is_key
from jiyang.rules.reading import DEEPEST, MOST_LEAVES

Path = tuple[int, ...]
CONTAINERS = {"group", "related", "above"}
KINDS = CONTAINERS | {"row"}
WORDS = {
    "match", "field", "op", "by", "value", "lines", "other", "param", "scale", "scale_number", "scale_param", "shift", "amount", "unit",
    "shift_param", "relation", "how",
}  # fmt: skip
NAME = re.compile(r"n((?:\.\d{1,3})*)\.([a-z_]+)")
LONGEST_TEXT = 4000
PACKED = "rows"  # the one field: JSON of [name, value] pairs
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what no JSON column takes


class TooLarge(ValueError):
    """More than any rule may hold was sent."""


@dataclass
class Node:
    """`row`: a comparison or a term. Containers hold `items`: `group`; `related` (members, spells … `how` many); `above`
    (the household of a person). `words` by `WORDS`, without the empty ones; `picks` are ticked boxes.
    """

    kind: str
    words: dict[str, str] = field(default_factory=dict)
    picks: list[str] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    def word(self, name: str, default: str = "") -> str:
        return self.words.get(name, default)

    def at(self, path: Path) -> "Node":
        """Raises IndexError."""
        return self.items[path[0]].at(path[1:]) if path else self

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, "Node"]]:
        yield path, self
        for place, item in enumerate(self.items):
            yield from item.walk((*path, place))


def group(*items: Node, match: str = "all") -> Node:
    return Node("group", {"match": match}, items=list(items))


def as_json(node: Node) -> dict[str, Any]:
    return asdict(node)


def from_json(data: Mapping[str, Any]) -> Node:
    return Node(data["kind"], dict(data["words"]), list(data["picks"]), [from_json(item) for item in data["items"]])


def name_of(path: Path, word: str) -> str:
    """The name of a form field."""
    return ".".join(["n", *map(str, path), word])


def fields_of(node: Node) -> Iterator[tuple[str, str]]:
    """The form fields of a tree, as a browser sends them."""
    for path, one in node.walk():
        yield name_of(path, "kind"), one.kind
        yield from ((name_of(path, word), text) for word, text in one.words.items())
        yield from ((name_of(path, "picks"), pick) for pick in one.picks)


def storable(text: str) -> str:
    """Text as typed, with U+FFFD in place of what cannot be stored: the checks tell of it."""
    return UNSTORABLE.sub("\ufffd", text.replace("\r\n", "\n"))[:LONGEST_TEXT]


def _sent(post) -> Iterable[tuple[str, list[str]]]:
    """Names and values that a browser sent, packed or not."""
    if PACKED not in post:
        return post.lists()
    found: dict[str, list[str]] = {}
    try:
        for name, value in json.loads(post[PACKED]):
            found.setdefault(str(name), []).append(str(value))
    except (ValueError, TypeError, RecursionError):
        return ()
    return found.items()


def from_post(post) -> Node | None:
    """The tree that a browser sent (a QueryDict), None where it sent none. Places need not be without gaps. Raises TooLarge."""
    found: dict[Path, dict[str, list[str]]] = {}
    for name, values in _sent(post):
        if match := NAME.fullmatch(name):
            path = tuple(map(int, match[1].split(".")[1:]))
            found.setdefault(path, {})[match[2]] = values
    if len(found) > 2 * MOST_LEAVES or any(len(path) > 2 * DEEPEST for path in found):
        raise TooLarge
    root = _node((), found) if () in found else None
    return root if root and root.kind == "group" else None


def _node(path: Path, found: dict[Path, dict[str, list[str]]]) -> Node | None:
    sent = found[path]
    kind = sent.get("kind", [""])[-1]
    if kind not in KINDS:
        return None
    words = {word: storable(values[-1]) for word, values in sent.items() if word in WORDS and values[-1]}
    below = sorted(one for one in found if len(one) == len(path) + 1 and one[:-1] == path)
    items = [_node(one, found) for one in below] if kind in CONTAINERS else []
    picks = [storable(one) for one in sent.get("picks", ())[:MOST_LEAVES]]
    return Node(kind, words, picks, [item for item in items if item])


def changed(root: Node, do: str) -> Path:
    """Do what a button of the page says (`row:0.1`, `related:0:members`, `drop:0.1`, `clear:0.1`); the place to look at next.

    What is not there, or is no act, changes nothing.
    """
    act, _, rest = do.partition(":")
    place, _, what = rest.partition(":")
    path = tuple(int(one) for one in place.split(".") if is_key(one))
    try:
        node = root.at(path)
    except IndexError:
        return ()
    if act == "drop" and path:
        root.at(path[:-1]).items.pop(path[-1])
        return path[:-1]
    if act == "clear" and node.kind == "row":
        node.words, node.picks = {}, []
        return path
    made = _made(act, what)
    if made is None or node.kind not in CONTAINERS:
        return path
    node.items.append(made)
    return (*path, len(node.items) - 1, *((0,) if made.items else ()))


def _made(act: str, what: str) -> Node | None:
    row = Node("row")
    if act == "row":
        return row
    if act == "group":
        return group(row, match="any")
    if act == "related":
        return Node("related", {"match": "all", "relation": what, "how": "some"}, items=[row])
    return Node("above", {"match": "all", "relation": what}, items=[row]) if act == "above" else None
