"""What batches are imported into: where a batch of each target is shown, and whose act its undo is. Apps register theirs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """`page` is the URL name of a batch's page; `undo_act` the act of the matrix by which a batch is taken back."""

    key: str
    page: str
    undo_act: str


_targets: dict[str, Target] = {}


def register(target: Target) -> None:
    _targets[target.key] = target


def target_of(batch) -> Target:
    return _targets[batch.target]
