"""A condition as indented lines, and what differs between two of them: easier to read than one long sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from jiyang.rules import tree
from jiyang.rules.sentence import Teller

GROUPS = {tree.All: "以下全部成立", tree.Any: "以下任一成立", tree.AnyHeld: "以下任一成立（没有数据的不计）"}
RELATED = {"some": "有", "none": "没有", "every": "都", "count": "数"}


@dataclass(frozen=True)
class Line:
    """`change`: empty where both say it, else `old` or `new`."""

    depth: int
    text: str
    change: str = ""


def outline(node: tree.Node, teller: Teller) -> list[Line]:
    return list(_lines(node, teller, 0))


def _lines(node: tree.Node, teller: Teller, depth: int) -> Iterator[Line]:
    if type(node) in GROUPS:
        yield Line(depth, f"{GROUPS[type(node)]}：")
        yield from _below(node.items, teller, depth)
    elif isinstance(node, tree.Not):
        yield Line(depth, "以下都不成立：")
        yield from _below(node.item.items if isinstance(node.item, tree.Any) else (node.item,), teller, depth)
    elif isinstance(node, tree.Quantified) and _is_group(node.where):
        yield Line(depth, f"{_head(node, teller)}：")
        yield from _below((node.where,), teller, depth)
    elif isinstance(node, tree.Parent) and _is_group(node.item):
        yield Line(depth, f"{node.relation.title}：")
        yield from _below((node.item,), teller, depth)
    elif isinstance(node, tree.Named):
        yield Line(depth, f"{node.title}（{teller.tell(node.item)}）")
    else:
        yield Line(depth, teller.tell(node))


def _below(items: tuple, teller: Teller, depth: int) -> Iterator[Line]:
    for item in items:
        yield from _lines(item, teller, depth + 1)


def _is_group(node: tree.Node | None) -> bool:
    return type(node) in GROUPS or isinstance(node, tree.Not)


def _head(node: tree.Quantified, teller: Teller) -> str:
    if node.kind == "count":
        return f"符合下列条件的{teller.tell(tree.Quantified(node.kind, node.relation, None, node.op, node.operand, node.share))}"
    return f"{node.relation.title}中{RELATED[node.kind]}符合下列条件的"


def compared(old: list[Line], new: list[Line]) -> list[Line]:
    """The lines of both in reading order, each with its change."""
    found: list[Line] = []
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        same = old[a:b] == new[c:d]
        found += old[a:b] if same else [Line(one.depth, one.text, "old") for one in old[a:b]]
        found += [] if same else [Line(one.depth, one.text, "new") for one in new[c:d]]
    return found
