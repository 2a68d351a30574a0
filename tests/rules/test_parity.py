"""SQL and Python say the same of every rule and record, unknown and unread cells included."""

import datetime as dt

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from households.checkup import synthetic
from jiyang.access.scope import system_scope
from jiyang.rules import running
from jiyang.rules.catalogue import Rule, catalogue
from jiyang.rules.circles import examine
from jiyang.rules.evaluate import Evaluator, Row
from jiyang.rules.facts import Facts
from jiyang.rules.fields import LISTS, subjects
from jiyang.rules.reading import OPERATORS, Reader
from jiyang.rules.sentence import Teller

pytestmark = pytest.mark.django_db
FACTS = Facts(dt.date(2025, 6, 30), {"income_line.monitoring": "7300", "medical.cutoff.month": "2"})


def as_rows(made: dict) -> dict[str, list[Row]]:
    """The records as rows with their related, as an export would hold them."""
    plain = {key: [Row(record, frozenset(record["unread"]), {}) for record in records] for key, records in made.items()}
    index: dict = {}
    for key, rows in plain.items():
        for row in rows:
            for column in ("household_key", "person_key"):
                index.setdefault((key, column, row.values.get(column)), []).append(row)
    for key, rows in plain.items():
        for row in rows:
            for relation in subjects()[key].relations.values():
                row.related[relation.name] = index.get((relation.target, relation.other, row.values[relation.own]), [])
    return plain


@pytest.fixture
def data(db):
    with system_scope("测试"):
        made = synthetic.make(120, 7)
        yield synthetic.load(made), as_rows(made)


def hits_in_python(rule: Rule, rows: list[Row]) -> set[int]:
    evaluator = Evaluator(FACTS)
    return {row.values["rid"] for row in rows if evaluator.truth(rule.when, row)}


def test_the_whole_catalogue_says_the_same_in_sql_and_in_python(data):
    source, rows = data
    outcomes = running.run(catalogue(), source, FACTS)
    assert [outcome.reason for outcome in outcomes if outcome.reason] == []
    differing = {
        outcome.rule.code: set(outcome.keys) ^ hits
        for outcome in outcomes
        if set(outcome.keys) != (hits := hits_in_python(outcome.rule, rows[outcome.rule.subject.key]))
    }
    assert differing == {}
    everybody = [outcome.rule.code for outcome in outcomes if len(outcome.keys) == len(rows[outcome.rule.subject.key])]
    assert everybody == []


def test_one_household_is_judged_as_the_whole_pass_judges_it(data, django_assert_max_num_queries):
    source, _ = data
    keys = {key: {row["rid"] for row in rows if row["household_key"] == 7} for key, rows in stored_rows(source).items()}
    wanted = {
        (outcome.rule.code, key)
        for outcome in running.run(catalogue(), source, FACTS)
        for key in outcome.keys
        if key in keys.get(outcome.rule.subject.key, ())
    }
    within = [rule for rule in catalogue() if rule.subject.key != "village"]
    with django_assert_max_num_queries(20):
        judged = examine(within, source, FACTS, "household_key", 7)
    assert wanted and {(one.rule.code, one.key) for one in judged} == wanted


def stored_rows(source) -> dict[str, list[dict]]:
    found = {}
    with connection.cursor() as cursor:
        for key in ("household", "person", "spell", "plan"):
            cursor.execute(f"select rid, household_key from {source.bases[key].sql}")
            found[key] = [{"rid": rid, "household_key": home} for rid, home in cursor.fetchall()]
    return found


def test_every_hit_is_told_with_its_values(data):
    source, rows = data
    teller = Teller(FACTS)
    for outcome in running.run(catalogue(), source, FACTS):
        by_key = {row.values["rid"]: row for row in rows[outcome.rule.subject.key]}
        for key in outcome.keys[:1]:
            assert teller.tell(outcome.rule.when, by_key[key])


def test_every_field_has_what_it_is_computed_from():
    for key, subject in subjects().items():
        assert {need for one in subject.fields.values() for need in one.needs} <= set(subject.fields), key


def leaves(key: str):
    """Comparisons a builder could make over the subject's fields."""
    fields = [one for one in subjects()[key].fields.values() if OPERATORS[one.type]]

    def of(one):
        values = {
            "boolean": st.booleans(), "integer": st.integers(0, 14), "decimal": st.sampled_from([0, 5, 6000]),
            "date": st.one_of(
                st.dates(dt.date(2020, 6, 1), dt.date(2025, 12, 1)),
                st.builds(lambda months, days: {"as_of": True, "months": months, "days": days}, st.integers(-40, 3), st.integers(-9, 9)),
            ),
        }.get(one.type, st.sampled_from(sorted(one.choices) or ["甲"]))  # fmt: skip
        many = {"in", "not_in"} | ({"has", "only"} if one.type in LISTS else set())
        compared = st.sampled_from(sorted(OPERATORS[one.type])).flatmap(
            lambda op: (st.lists(values, min_size=1, max_size=3) if op in many else values).map(
                lambda found: [one.name, op, found]
            )
        )
        return st.one_of(compared, st.sampled_from(["empty", "filled"]).map(lambda op: [one.name, op]))

    return st.sampled_from(fields).flatmap(of)


def conditions(key: str, depth: int = 2):
    leaf = leaves(key)
    if not depth:
        return leaf
    below = conditions(key, depth - 1)
    some = [leaf, st.lists(below, min_size=1, max_size=3).map(lambda items: {"all": items})]
    some += [
        st.lists(below, min_size=1, max_size=3).map(lambda items: {"any": items}),
        below.map(lambda one: {"not": one}),
    ]
    for relation in subjects()[key].relations.values():
        if relation.many:
            where = conditions(relation.target, 0)
            quantified = st.tuples(st.sampled_from(["some", "none", "every"]), where)
            some.append(quantified.map(lambda pair, name=relation.name: {pair[0]: name, "where": pair[1]}))
            counted = st.tuples(where, st.sampled_from(["=", "<", ">=", "!="]), st.integers(0, 3))
            some.append(
                counted.map(
                    lambda one, name=relation.name: {"count": name, "where": one[0], "op": one[1], "value": one[2]}
                )
            )
            shared = st.tuples(where, st.sampled_from([0.25, 0.5, 1]))
            some.append(
                shared.map(lambda one, name=relation.name: {"count": name, "where": one[0], "op": ">", "share": one[1]})
            )
    return st.one_of(*some)  # fmt: skip


def test_any_rule_says_the_same_in_sql_and_in_python(data):
    source, rows = data

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["household", "person", "spell"]).flatmap(lambda key: st.tuples(st.just(key), conditions(key)))
    )
    def agree(pair):
        key, raw = pair
        rule = Rule("X", (), "", "lead", subjects()[key], Reader("测试").read(raw, subjects()[key]), "", "")
        (outcome,) = running.run([rule], source, FACTS)
        assert (outcome.reason, set(outcome.keys)) == ("", hits_in_python(rule, rows[key]))
        assert Teller(FACTS).tell(rule.when)

    agree()
