"""What of a check-up an actor may read: cells and sentences of field groups that they see on the register too."""

from households.checkup.job import VALUE_AAD
from households.models import Checkup, CheckupFinding
from jiyang.access.matrix import matrix
from jiyang.access.scope import Actor
from jiyang.identifiers.encryption import decrypt
from jiyang.rules.groups import UNSEEN


def sees_all(actor: Actor) -> bool:
    """Whether every field group is theirs: a whole file holds all of them."""
    return actor.field_groups.issuperset(matrix().field_groups)


class Telling:
    """The findings of one check-up as one actor reads them. What was kept without its groups is for who sees all."""

    def __init__(self, checkup: Checkup, actor: Actor) -> None:
        self.seen, self.all = actor.field_groups, sees_all(actor)
        self.hidden = {
            one["code"] for one in checkup.rules
            if not self.all and not ("groups" in one and self.seen.issuperset(one["groups"]))
        }  # fmt: skip

    def text(self, found: CheckupFinding) -> str:
        """Why it was found."""
        return UNSEEN if found.code in self.hidden else found.text or ""

    def value(self, found: CheckupFinding) -> str:
        """What the cell said, as it is written."""
        if found.value is None:
            return ""
        return decrypt(found.value, VALUE_AAD) if self.all or found.group in self.seen else UNSEEN
