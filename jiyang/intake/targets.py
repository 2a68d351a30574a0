"""What batches are imported into: where a batch of each target is shown, and whose acts it and its undo are. Apps register theirs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """`page` is the URL name of a batch's page; `act` the act of the matrix by which it is imported, `undo_act` that by which
    it is taken back."""

    key: str
    page: str
    act: str
    undo_act: str


_targets: dict[str, Target] = {}


def register(target: Target) -> None:
    _targets[target.key] = target


def target_of(batch) -> Target:
    return _targets[batch.target]
