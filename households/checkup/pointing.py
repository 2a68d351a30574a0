"""Where in a file a rule points: the first of its columns that the file has, else what names the row."""

from collections.abc import Callable, Iterator

from jiyang.intake.cells import as_text
from jiyang.intake.findings import letters
from jiyang.intake.normalise import Mapped
from jiyang.rules import tree
from jiyang.rules.catalogue import Rule
from jiyang.rules.groups import group_of

PROBLEMS = "problems"
# read from the ID number
OF_ID = {
    "birth_date",
    "sex",
    "id_kind",
    "disability_category",
    "disability_level",
    "same_id",
    "same_id_names",
    "same_id_households",
    "same_id_towns",
    "id_index",
}
NAMES = {"household": ("household_no",), "village": ("village",)}
PERSONAL = {"id_number", "phone"}


def leaves(node: tree.Node) -> Iterator[tree.Node]:
    """Comparisons of the row itself, in order; what is asked of its related is left out."""
    if getattr(node, "field", None) is not None:
        yield node
    if not isinstance(node, tree.Quantified | tree.Parent):
        for child in tree.children(node):
            yield from leaves(child)


def telling(node: tree.Node, holds: Callable[[tree.Node], bool | None]) -> Iterator[tree.Node]:
    """Of a row that is hit the comparisons for which it is: of alternatives those that hold."""
    if isinstance(node, tree.Any | tree.AnyHeld):
        for child in node.items:
            if holds(child):
                yield from telling(child, holds)
    elif isinstance(node, tree.All | tree.Named):
        for child in tree.children(node):
            yield from telling(child, holds)
    else:
        yield from leaves(node)


def fields_of(leaf: tree.Node) -> Iterator[str]:
    """The fields of a file that a comparison asks for."""
    if leaf.field.name == PROBLEMS:
        yield from (name for value in _values(leaf) if (name := value.rpartition(":")[0]))
        return
    for one in (leaf.field, getattr(getattr(leaf, "operand", None), "field", None)):
        for name in one.reads if one is not None else ():
            yield "id_number" if name in OF_ID else name.removesuffix("_is_mobile")


def reads(node: tree.Node) -> set[str]:
    """Every field of a file that a condition asks for, of whomever; `problems` where it asks for faults of cells."""
    found: set[str] = set()
    for leaf in _every(node):
        if getattr(leaf, "field", None) is not None:
            found.update((PROBLEMS,) if leaf.field.name == PROBLEMS else fields_of(leaf))
    return found


def cited(node: tree.Node) -> set[str]:
    """Codes of unreadable cells that a rule tells of."""
    found: set[str] = set()
    for leaf in _every(node):
        if getattr(leaf, "field", None) is not None and leaf.field.name == PROBLEMS:
            found.update(_values(leaf))
    return found


def _every(node: tree.Node) -> Iterator[tree.Node]:
    yield node
    for child in tree.children(node):
        yield from _every(child)


def _values(leaf: tree.Node) -> tuple[str, ...]:
    value = leaf.operand.literal if isinstance(leaf, tree.Compare) else None
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value),) if value else ()


class Pointer:
    """One file: cells by field and row."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self.names = set(mapped.raw)
        self.types = {name: one.type for name, one in mapped.header.layout.by_name.items()}
        self.faulty: dict[int, dict[str, str]] = {}
        for one in mapped.findings:
            self.faulty.setdefault(one.line, {})[one.code] = one.field
        self._index = {line: place for place, line in enumerate(mapped.rows)}
        self._columns: dict[str, list[tuple[str, str]]] = {}

    def index_of(self, line: int) -> int:
        return self._index[line]

    def field_of(self, rule: Rule, index: int, holds: Callable[[tree.Node], bool | None]) -> str:
        """The field at which a rule's hit stands: that of a comparison for which it is hit; empty where the file has none of them."""
        asked = (name for leaf in telling(rule.when, holds) for name in self._fields(leaf, index))
        return next((name for name in asked if name in self.names), "")

    def key_of(self, rule: Rule) -> str:
        """The field that names the row."""
        keys = (*NAMES.get(rule.subject.key, ("id_number", "household_no")), "household_no", "name")
        return next((name for name in keys if name in self.names), "")

    def _fields(self, leaf: tree.Node, index: int) -> Iterator[str]:
        if leaf.field.name == PROBLEMS:
            known = self.faulty.get(self.mapped.rows[index], {})
            for value in _values(leaf):
                name, _, code = value.rpartition(":")
                if (found := known.get(code or value)) and name in {"", found}:
                    yield found
                elif name:
                    yield name
            return
        yield from fields_of(leaf)

    def text(self, name: str, index: int) -> str | None:
        """The cell as it is written."""
        return (as_text(self.mapped.raw[name][index]).strip() or None) if name in self.names else None

    def group(self, name: str) -> str:
        """The field group of a column: who may not see it on the register may not read its cells either."""
        layout = self.mapped.header.layout
        of_home = name in layout.by_name and layout.by_name[name].belongs_to == "household"
        return group_of("household" if of_home else layout.rows, name)

    def is_personal(self, name: str) -> bool:
        return self.types.get(name) in PERSONAL

    def cell(self, name: str, index: int) -> tuple[str, str]:
        """(heading, address) of a field's cell in a row."""
        part, row = self.mapped.part_of(index), self.mapped.excel_row(index)
        for number, one in part.columns.items():
            if one.name == name:
                return part.headings[number], f"{letters(number)}{row}"
        return "", f"A{row}"
