"""The permission matrix: who may open what, do what and see which columns. Deny by default (DESIGN.md invariant 1).

Read once from `jiyang/access/matrix.yaml` and every installed app's `matrix.yaml`.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

OPEN, SIGNED_IN = "open", "signed_in"
KEYS = {"roles", "groups_of_roles", "field_groups", "grants", "rights", "acts", "views", "ledgers", "tables"}
# which right of a ledger's entry each of its pages needs
LEDGER_PAGES = {
    "list": "view",
    "detail": "view",
    "history": "view",
    "export": "export",
    "create": "add",
    "edit": "change",
    "columns": "view",
    "attachments": "view",
    "attach": "attach",
    "reveal": "reveal",
    "save_query": "view",
    "drop_query": "view",
}
IMPORT_PAGES = {
    "import": "any",
    "import_batch": "any",
    "import_upload": "make",
    "import_template": "make",
    "import_submit": "make",
    "import_drop": "make",
    "import_withdraw": "make",
    "import_failed": "make",
    "import_undo": "make",
    "import_undo_withdraw": "make",
    "import_undo_decide": "check",
    "import_approve": "check",
    "import_return": "check",
}
API_PAGES = {"list": "view", "detail": "view", "create": "add", "attachments": "view", "attach": "attach"}


def views_of_ledger(ledger: str, rights: dict) -> dict[str, str]:
    """View name -> right of all pages of a ledger and of its API, from its one entry.

    `bulk: {act: right}` names the rights of its bulk acts, `add` that of creating where it is another than `change`,
    `attach` that of adding attachments where it is another than `add`, `reveal` that of showing its rows' own masked numbers in
    full, `import` the act of its imports.
    """
    rights = {"add": rights["change"], **rights} if "change" in rights else rights
    rights = {"attach": rights["add"], **rights} if "add" in rights else rights
    found = {f"{ledger}_{page}": rights[needed] for page, needed in LEDGER_PAGES.items() if needed in rights}
    api = f"api:{ledger.replace(':', '_')}"
    found |= {f"{api}_{page}": rights[needed] for page, needed in API_PAGES.items() if needed in rights}
    if "import" in rights:
        found |= {f"{ledger}_{page}": f"{rights['import']}.{side}" for page, side in IMPORT_PAGES.items()}
    found |= {f"{ledger}_bulk_{act}": right for act, right in rights.get("bulk", {}).items()}
    return found


@dataclass(frozen=True)
class Role:
    """角色. `reach`: what its posting points to — district, town, zone, village, households or none."""

    key: str
    title: str
    reach: str


@dataclass(frozen=True)
class Act:
    """An act of two people: the roles that may make and the roles that may check it (maker ≠ checker)."""

    key: str
    title: str
    maker: frozenset[str]
    checker: frozenset[str]


@dataclass
class Matrix:
    roles: dict[str, Role] = field(default_factory=dict)
    groups_of_roles: dict[str, list[str]] = field(default_factory=dict)
    field_groups: dict[str, str] = field(default_factory=dict)
    grants: dict[str, frozenset[str]] = field(default_factory=dict)
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    person_free: set[str] = field(default_factory=set)
    system: set[str] = field(default_factory=set)
    homes: dict[str, str] = field(default_factory=dict)  # right, act or field group -> label of the app that brought it

    def expand(self, names: list[str], where: str) -> frozenset[str]:
        """Role keys of a list in which `@group` stands for a group of roles.

        Raises ImproperlyConfigured naming `where` for a role that does not exist.
        """
        found: set[str] = set()
        for name in names:
            found.update(self.groups_of_roles.get(name[1:], [name]) if name.startswith("@") else [name])
        if unknown := found - set(self.roles):
            raise ImproperlyConfigured(f"{where}: unknown role {', '.join(sorted(unknown))}")
        return frozenset(found)

    def roles_with(self, right: str) -> frozenset[str]:
        """Roles that hold a right; a right of an act is `<act>.make`, `<act>.check` or `<act>.any` (either). `a & b` asks
        for both."""
        if " & " in right:
            return frozenset.intersection(*(self.roles_with(one) for one in right.split(" & ")))
        act, _, side = right.rpartition(".")
        if act in self.acts and side == "any":
            return self.acts[act].maker | self.acts[act].checker
        if act in self.acts and side in {"make", "check"}:
            return self.acts[act].maker if side == "make" else self.acts[act].checker
        return self.rights.get(right, frozenset())

    def may_open(self, view: str, roles: frozenset[str] | None) -> bool:
        """Whether a user with `roles` (None = not signed in) may open the named view. Unlisted views: nobody."""
        right = self.views.get(view)
        if right is None:
            return False
        if right == OPEN:
            return True
        if roles is None:
            return False
        return right == SIGNED_IN or bool(self.roles_with(right) & roles)

    def groups_for(self, roles: frozenset[str]) -> frozenset[str]:
        """Field groups that a user with `roles` sees."""
        return frozenset(group for group, granted in self.grants.items() if granted & roles)

    def table_kind(self, model) -> str | None:
        """`scoped`, `person_free` or `system` of a model; None when it stands in no list."""
        from jiyang.access.tables import is_scoped

        label = model._meta.label
        if is_scoped(model):
            return "scoped"
        tracked = getattr(model, "pgh_tracked_model", None)
        label = tracked._meta.label if tracked else label
        for kind in ("person_free", "system"):
            if {label, f"{model._meta.app_label}.*"} & getattr(self, kind):
                return kind
        return None


def _merge(matrix: Matrix, data: dict, where: str) -> None:
    if unknown := set(data) - KEYS:
        raise ImproperlyConfigured(f"{where}: unknown section {', '.join(sorted(unknown))}")
    for key, spec in data.get("roles", {}).items():
        matrix.roles[key] = Role(key, spec["title"], spec["reach"])
    matrix.groups_of_roles.update(data.get("groups_of_roles", {}))
    matrix.field_groups.update(data.get("field_groups", {}))
    for group, names in data.get("grants", {}).items():
        matrix.grants[group] = matrix.grants.get(group, frozenset()) | matrix.expand(names, f"{where} grants.{group}")
    for right, spec in data.get("rights", {}).items():
        matrix.rights[right] = matrix.expand(spec["roles"], f"{where} rights.{right}")
        matrix.titles[right] = spec["title"]
    for section in ("rights", "acts", "field_groups"):
        matrix.homes |= dict.fromkeys(data.get(section, {}), where.partition("/")[0])
    for key, spec in data.get("acts", {}).items():
        maker, checker = (matrix.expand(spec[side], f"{where} acts.{key}.{side}") for side in ("maker", "checker"))
        matrix.acts[key] = Act(key, spec["title"], maker, checker)
    for view, right in data.get("views", {}).items():
        matrix.views[view] = right
    for ledger, rights in data.get("ledgers", {}).items():
        matrix.views.update(views_of_ledger(ledger, rights))
    for kind in ("person_free", "system"):
        getattr(matrix, kind).update(data.get("tables", {}).get(kind, []))


def _check(matrix: Matrix) -> None:
    for view, right in matrix.views.items():
        if right not in {OPEN, SIGNED_IN} and not matrix.roles_with(right):
            raise ImproperlyConfigured(f"views.{view}: right {right!r} is granted to nobody or does not exist")
    if missing := set(matrix.field_groups) ^ set(matrix.grants):
        raise ImproperlyConfigured(f"field groups and grants differ: {', '.join(sorted(missing))}")


@cache
def matrix() -> Matrix:
    """The merged matrix of all installed apps, read once per process."""
    merged = Matrix()
    kernel = Path(__file__).with_name("matrix.yaml")
    files = [kernel, *(Path(config.path) / "matrix.yaml" for config in apps.get_app_configs())]
    for path in dict.fromkeys(files):
        if path.exists():
            _merge(merged, yaml.safe_load(path.read_text("utf-8")) or {}, f"{path.parent.name}/matrix.yaml")
    _check(merged)
    return merged
