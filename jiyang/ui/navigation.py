"""The masthead's modules: apps register their entry, each user sees those whose page they may open."""

from dataclasses import dataclass

from jiyang.access.scope import Actor


@dataclass(frozen=True)
class Entry:
    """One module. `order` follows UI.md section 4: 工作台 10, 户档案 20, 走访 30, …, 数据导入 90, 通报报表 100."""

    label: str
    url_name: str
    order: int

    @property
    def section(self) -> str:
        """Namespace by which the current module is recognised."""
        return self.url_name.split("_")[0]


_entries: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    _entries[entry.url_name] = entry


def entries_for(actor: Actor | None) -> list[Entry]:
    if actor is None:
        return []
    return [entry for entry in sorted(_entries.values(), key=lambda one: one.order) if actor.may_open(entry.url_name)]
