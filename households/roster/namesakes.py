"""People of one name in one household: which person of the register each row is, where no number says so.

What is known of both decides: 与户主关系, sex, birth date. A birth date or a sex that differs is somebody else's; a relation may
have changed. Nobody is guessed: a row that may be one as well as another is told.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

ROWS = """
with alike as (
    select household_no, name from {peers} s where household_no is not null and name is not null and copy_of is null
     group by 1, 2 having count(*) > 1
    union
    select o.household_no, n.name from households_person n join households_household o on o.id = n.household_id and o.voided_at is null
     where n.id_index is null and n.voided_at is null group by 1, 2 having count(*) > 1)
select h.id, s.name, s.row, {known}, s.person_no, coalesce(s.relation, ''), coalesce(s.sex, ''), s.birth_date
  from alike join {peers} s using (household_no, name)
  join households_household h on h.household_no = s.household_no and h.voided_at is null{joins}
 where s.copy_of is null order by s.row
"""
PEOPLE = """
select n.household_id, n.name, n.id, n.person_no, coalesce(m.relation, ''), n.sex, n.birth_date
  from households_person n left join households_membership m on m.person_id = n.id and m.until is null
 where n.id_index is null and n.voided_at is null and (n.household_id, n.name) in (select * from unnest(%s::bigint[], %s::text[]))
 order by n.id
"""


@dataclass(frozen=True)
class Somebody:
    """A row of the file or a person of the register (`key`), with what is known of them."""

    key: int
    person_no: str | None
    relation: str
    sex: str
    birth_date: object

    def likeness(self, other: "Somebody") -> int | None:
        """How much says that this row is that person; None where something says that it is not."""
        if self.person_no and other.person_no and self.person_no != other.person_no:
            return None
        pairs = ((self.sex, other.sex), (self.birth_date, other.birth_date))
        known = [(one, two) for one, two in pairs if one and two]
        if any(one != two for one, two in known):
            return None
        return len(known) + (self.relation == other.relation)


def match(peers: str, known: str, joins: str) -> tuple[dict[int, int | None], list[int]]:
    """Of the rows with a namesake: (row → person, None for somebody new; rows that may be more than one).

    `known` is SQL of the person whom a number names (`joins` finds them): who is named so is nobody else's row.
    """
    rows: dict[tuple, list[Somebody]] = defaultdict(list)
    taken: set[int] = set()
    people: dict[tuple, list[Somebody]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(peers=peers, known=known, joins=joins))
        for home, name, row, person, *facts in cursor.fetchall():
            if person is None:
                rows[home, name].append(Somebody(row, *facts))
            else:
                taken.add(person)
        if not rows:
            return {}, []
        cursor.execute(PEOPLE, [[home for home, _ in rows], [name for _, name in rows]])
        for home, name, *facts in cursor.fetchall():
            people[home, name].append(Somebody(*facts))
    found: dict[int, int | None] = {}
    unclear: list[int] = []
    for home, group in rows.items():
        pairs, rest = paired(group, [one for one in people[home] if one.key not in taken])
        found |= {row.key: None for row in group} | pairs
        unclear += rest
    return found, unclear


def paired(rows: list[Somebody], people: list[Somebody]) -> tuple[dict[int, int], list[int]]:
    """(row → person, rows that may be several): those who are most like each other and like nobody else as much, one after the other."""
    likeness = {(row.key, one.key): like for row in rows for one in people if (like := row.likeness(one)) is not None}
    found: dict[int, int] = {}
    while best := next((pair for pair in likeness if _alone(pair, likeness)), None):
        found[best[0]] = best[1]
        likeness = {pair: like for pair, like in likeness.items() if pair[0] != best[0] and pair[1] != best[1]}
    return found, sorted({row for row, _ in likeness})


def _alone(pair: tuple[int, int], likeness: dict[tuple[int, int], int]) -> bool:
    """No other pair of the same row or the same person is as like."""
    return all(like < likeness[pair] for other, like in likeness.items() if other != pair and _share(other, pair))


def _share(one: Iterable[int], two: Iterable[int]) -> bool:
    return any(left == right for left, right in zip(one, two, strict=True))
