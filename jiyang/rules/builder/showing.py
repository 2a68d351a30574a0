"""What the builder's templates show of a tree: each row and container with its lists, names and problem."""

from collections.abc import Mapping
from typing import Any

from jiyang.rules.builder import choices
from jiyang.rules.builder.choices import COUNTED, TERM, Choices
from jiyang.rules.builder.nodes import WORDS, Node, Path, name_of
from jiyang.rules.catalogue import terms
from jiyang.rules.fields import NUMBERS, RuleField, Subject, subjects

DEEPEST = 6  # places below which the page offers no further groups; the reader has its own limit


def shown(
    root: Node, subject: Subject, lists: Choices, problems: Mapping[Path, str], looked_at: Path | None = None
) -> dict[str, Any]:
    """The root as nested mappings. `looked_at`: the place that takes the focus."""
    return _Showing(lists, problems, looked_at).container(root, subject, (), counted=False)


TYPED = {"words", "picks", "problem", "focus", "op", "by", "items"}
SHAPING = ("how", "scale", "shift")  # words that bring further inputs


def shape(found: Mapping[str, Any]) -> tuple:
    """Which inputs the page has for what is `shown`: while it stays the same, nothing but the preview needs to be sent."""
    own = {key: value for key, value in found.items() if key not in TYPED}
    return own, [found["words"].get(word) for word in SHAPING], [shape(item) for item in found.get("items", ())]


class _Showing:
    def __init__(self, lists: Choices, problems: Mapping[Path, str], looked_at: Path | None) -> None:
        self.lists, self.problems, self.looked_at = lists, problems, looked_at

    def common(self, node: Node, path: Path) -> dict[str, Any]:
        names = {word: name_of(path, word) for word in (*WORDS, "kind", "picks")}
        return {
            "kind": node.kind, "place": ".".join(map(str, path)), "id": "-".join(["n", *map(str, path)]), "names": names, "words": node.words,
            "picks": node.picks, "problem": self.problems.get(path, ""), "focus": path == self.looked_at, "removable": bool(path),
        }  # fmt: skip

    def container(self, node: Node, subject: Subject, path: Path, *, counted: bool) -> dict[str, Any]:
        """`counted`: inside related rows, where no way leads back up."""
        relation = subject.relations.get(node.word("relation")) if node.kind != "group" else None
        target = subjects()[relation.target] if relation else subject
        below = counted or node.kind == "related"
        matches = [pair for pair in choices.MATCHES if pair[0] != "any_held" or pair[0] == node.word("match")]
        found = self.common(node, path) | {
            "matches": matches, "relation": relation.title if relation else "",
            "items": [self.item(item, target, (*path, place), counted=below) for place, item in enumerate(node.items)],
            "adds": self.adds(target, path, below), "subject": target.title,
        }  # fmt: skip
        if node.kind == "related":
            found |= {"hows": choices.HOW, "counts": node.word("how") == "count"}
            if found["counts"]:
                found |= {"ops": choices.NUMBER_OPS} | self.right(node, COUNTED, subject, counted=True)
        return found

    def adds(self, subject: Subject, path: Path, counted: bool) -> list[tuple[str, str]]:
        """(act, label) of what may be added."""
        place = ".".join(map(str, path))
        found = [(f"row:{place}", "条件")]
        if len(path) < DEEPEST:
            found.append((f"group:{place}", "条件组"))
            for relation in subject.relations.values():
                if relation.many or not counted:
                    act = "related" if relation.many else "above"
                    found.append((f"{act}:{place}:{relation.name}", relation.title))
        return found

    def item(self, node: Node, subject: Subject, path: Path, *, counted: bool) -> dict[str, Any]:
        if node.kind != "row":
            return self.container(node, subject, path, counted=counted)
        found, name = self.common(node, path), node.word("field")
        if name.startswith(TERM):
            term = terms().get((subject.key, name.removeprefix(TERM)))
            return found | {"title": term[0] if term else name.removeprefix(TERM), "term": True}
        one = subject.fields.get(name)
        if one is None:
            return found | {"fields": self.lists.fields(subject), "title": name}
        return found | {"title": one.title, "ops": choices.ops_of(one)} | self.right(node, one, subject)

    def right(self, node: Node, one: RuleField, subject: Subject, *, counted: bool = False) -> dict[str, Any]:
        """The right side of a comparison: how it may be said, and the inputs of the way that is chosen."""
        op = node.word("op")
        ways = choices.ways_of(one, op, counted=counted)
        by = node.word("by", "value") if ways else ""
        found: dict[str, Any] = {
            "op": op,
            "ways": ways,
            "by": by,
            "unit": one.unit,
            "parameters": self.lists.parameters,
        }
        if op in dict(choices.FILLED):
            return found
        if op in choices.MANY or by == "value":
            found |= {"widget": choices.widget_of(one, op), "options": choices.options_of(one)}
        if by == "field":
            found["others"] = choices.others_of(one, subject)
        if by == "param" or (by == "field" and one.type in NUMBERS):
            found["scales"] = choices.SCALES
        if one.type == "date" and by in {"as_of", "field"}:
            found |= {"shifts": choices.SHIFTS, "units": choices.UNITS}
        return found
