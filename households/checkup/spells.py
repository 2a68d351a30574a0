"""What rules ask of a job spell besides its own columns: SQL for staged files and for the register alike.

`table` holds all spells (a query in brackets, or a name); `household`, `person` and `key` are its columns of these.
"""

from dataclasses import dataclass

PHONES = frozenset({"phone_households", "phone_counties"})


@dataclass(frozen=True)
class Spells:
    table: str
    household: str
    person: str
    key: str

    def previous_ended_on(self, t: str, within: str = "") -> str:
        """The latest end of earlier jobs of the person of `{t}`: a window over the query's rows.

        `within`: a column to which the query may be narrowed before.
        """
        by = f"partition by {within}{t}.{self.person} order by {t}.job_started_on nulls last, {t}.{self.key}"
        rows = "rows between unbounded preceding and 1 preceding"
        return f"case when {t}.{self.person} is not null then max({t}.job_ended_on) over ({by} {rows}) end"

    @property
    def by_phone(self) -> str:
        """A query: telephone -> in how many households somebody works with it."""
        return (
            f"select job_phone_index, count(distinct {self.household})::int as phone_households from {self.table} o"
            " where job_phone_index is not null group by 1"
        )

    def phone_counties(self, t: str) -> str:
        """In how many counties the household's different workers have the telephone of `{t}`, which has one."""
        return (
            f"(select count(distinct nullif(o.job_county, ''))::int from {self.table} o"
            f" where o.job_phone_index = {t}.job_phone_index and o.{self.household} = {t}.{self.household}"
            f" and (o.{self.person} <> {t}.{self.person} or o.{self.key} = {t}.{self.key}))"
        )


def in_county(places: list[str], district: str) -> str:
    """Whether the first place that is written lies in the county; `district` is SQL of its name without 区 or 县."""
    return f"strpos(coalesce({', '.join(places)}), {district}) > 0"
