"""The builder: its form and the condition say the same, everything odd is told at its row, a draft keeps what was typed."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from jiyang.access.scope import acting_as, actor_for
from jiyang.rules import services, tree, versions
from jiyang.rules.builder.checking import checked
from jiyang.rules.builder.choices import COUNTED, HOW, MANY, MATCHES, NUMBER_OPS, OPS, TERM, ops_of, others_of, ways_of
from jiyang.rules.builder.nodes import Node, TooLarge, as_json, fields_of, from_json, from_post, group
from jiyang.rules.builder.opening import opened
from jiyang.rules.builder.writing import Writer
from jiyang.rules.catalogue import catalogue, terms
from jiyang.rules.fields import NUMBERS, subjects
from jiyang.rules.models import RuleDraft, RuleVersion
from jiyang.rules.reading import OPERATORS, Reader
from tests import factories

PARAMETERS = ("income_line.monitoring", "jobless.days")


@pytest.fixture(autouse=True)
def fresh():
    versions.forget()
    yield
    versions.forget()


def posted(node: Node) -> Node:
    data = QueryDict(mutable=True)
    for name, value in fields_of(node):
        data.appendlist(name, value)
    return from_post(data)


# --- the form and the condition
def moved(draw) -> dict:
    kind = draw(st.sampled_from(["", "back", "on", "back_param", "on_param"]))
    if not kind:
        return {}
    unit = draw(st.sampled_from(["months", "days"]))
    if kind.endswith("_param"):
        return {"shift": kind, "shift_param": draw(st.sampled_from(PARAMETERS)), "unit": unit}
    return {"shift": kind, "amount": str(draw(st.integers(1, 400))), "unit": unit}


def scaled(draw) -> dict:
    kind = draw(st.sampled_from(["", "number", "param"]))
    if kind == "number":
        return {"scale": kind, "scale_number": draw(st.sampled_from(["2", "0.5", "1.25"]))}
    return {"scale": kind, "scale_param": draw(st.sampled_from(PARAMETERS))} if kind else {}


def right(draw, one, ways, subject) -> dict:
    by = draw(st.sampled_from([way for way, _ in ways if way != "field" or others_of(one, subject)]))
    if by == "param":
        return {"by": by, "param": draw(st.sampled_from(PARAMETERS)), **scaled(draw)}
    if by == "field":
        more = scaled(draw) if one.type in NUMBERS else moved(draw) if one.type == "date" else {}
        return {"by": by, "other": draw(st.sampled_from([key for key, _ in others_of(one, subject)])), **more}
    if by == "as_of":
        return {"by": by, **moved(draw)}
    if by == "share":
        return {"by": by, "value": draw(st.sampled_from(["0.5", "1"]))}
    typed = {
        "integer": st.integers(-9, 99999).map(str), "decimal": st.sampled_from(["0", "5820.5", "-3", "0.01"]), "boolean": st.sampled_from(["true", "false"]),
        "date": st.dates().map(str), "choice": st.sampled_from(sorted(one.choices) or [""]), "text": st.text("甲乙a'%\\ \"", min_size=1).filter(lambda text: text == text.strip()),
    }  # fmt: skip
    return {"by": by, "value": draw(typed[one.type])}


def is_plain(node) -> bool:
    """A term that may stand anywhere: not under a negation may what some source cannot answer."""
    return (
        not isinstance(node, tree.AnyHeld) and not tree.parameters_of(node) and all(map(is_plain, tree.children(node)))
    )


@st.composite
def rows(draw, subject):
    named = [name for key, name in terms() if key == subject.key and is_plain(Reader("", terms()).read(name, subject))]
    usable = [
        one
        for one in subject.fields.values()
        if one.choices or one.open or one.type not in {"choice", "choices", "labels"}
    ]
    one = draw(st.sampled_from([*usable, *named]))
    if isinstance(one, str):
        return Node("row", {"field": f"{TERM}{one}"})
    op = draw(st.sampled_from([key for key, _ in ops_of(one)]))
    node = Node("row", {"field": one.name, "op": op})
    if op in MANY:
        order = list(one.choices)
        node.picks = (
            sorted(draw(st.sets(st.sampled_from(order), min_size=1, max_size=3)), key=order.index) if order else []
        )
        if not order:
            node.words["lines"] = "\n".join(draw(st.lists(st.sampled_from(["甲", "乙'", "%"]), min_size=1, max_size=3)))
    elif ways := ways_of(one, op):
        node.words |= right(draw, one, ways, subject)
    return node


@st.composite
def containers(draw, subject, depth=0, kind="group", counted=False):
    node, inner = (
        Node(kind, {"match": draw(st.sampled_from([key for key, _ in MATCHES if key != "any_held"]))}),
        subject,
    )
    if kind == "related":
        relation = draw(st.sampled_from([one for one in subject.relations.values() if one.many]))
        how, inner, counted = draw(st.sampled_from([key for key, _ in HOW])), subjects()[relation.target], True
        node.words |= {"relation": relation.name, "how": how}
        if how == "count":
            op = draw(st.sampled_from([key for key, _ in NUMBER_OPS]))
            node.words |= {"op": op, **right(draw, COUNTED, ways_of(COUNTED, op, counted=True), subject)}
        if how != "every" and draw(st.booleans()):
            node.words["match"] = "all"
            return node
    if kind == "above":
        relation = draw(st.sampled_from([one for one in subject.relations.values() if not one.many]))
        inner = subjects()[relation.target]
        node.words["relation"] = relation.name
    kinds = ["row", "row"]
    if depth < 2:
        kinds += ["group"] + ["related"] * any(one.many for one in inner.relations.values())
        kinds += ["above"] * (not counted and any(not one.many for one in inner.relations.values()))
    for one in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3)):
        node.items.append(draw(rows(inner) if one == "row" else containers(inner, depth + 1, one, counted)))
    return node


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_form_to_condition_to_form_is_the_same(data):
    subject = subjects()[data.draw(st.sampled_from(["household", "person", "spell"]))]
    form = data.draw(containers(subject))
    found = checked(form, subject, PARAMETERS)
    assert found.problems == {}
    assert opened(found.raw, subject) == form
    assert posted(form) == form == from_json(as_json(form))


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.code)
def test_every_built_in_rule_opens_in_the_form_and_says_the_same(rule):
    form = opened(versions.jsonable(rule.raw), rule.subject)
    raw = Writer().root(posted(form), rule.subject)
    told = Reader("", terms())
    assert sorted_lists(told.read(raw, rule.subject)) == sorted_lists(rule.when)


def sorted_lists(node) -> str:
    """A condition as text in which the order of a list of options does not matter."""
    return re.sub(r"literal=\(([^()]*)\)", lambda found: f"literal={sorted(found[1].split(', '))}", repr(node))


def test_the_page_offers_exactly_what_the_language_knows():
    assert {kind: {key for key, _ in pairs} for kind, pairs in OPS.items()} == OPERATORS


# --- what is wrong is told at its row
def row(**words) -> Node:
    return Node("row", words)


@pytest.mark.parametrize(
    ("form", "place", "message"),
    [
        (group(), (), "空组会命中所有人"),
        (group(row(field="age", op="<", by="value", value="15"), group(match="any")), (1,), "空组会命中所有人"),
        (group(row(field="age", op="<", by="value", value="1.5")), (0,), "值“1.5”不合"),
        (group(row(field="age", op="<", by="value", value="十五")), (0,), "值“十五”不合"),
        (group(row(field="age", op="<", by="value")), (0,), "请填写要比的值"),
        (group(row(field="age", op="contains", by="value", value="1")), (0,), "请选择怎样比较"),
        (group(row(field="removed", op="=", by="value", value="1")), (0,), "没有字段“removed”"),
        (group(row(field="birth_date", op="<", by="value", value="2022-13-01")), (0,), "不是日期"),
        (group(row(field="birth_date", op="<", by="field", other="age")), (0,), "类型不同"),
        (group(row(field="birth_date", op="<", by="as_of", shift="back", amount="1.5", unit="months")), (0,), "应为整数"),
        (group(row(field="age", op="<", by="param", param="no.such")), (0,), "请选择参数"),
        (group(row(field="labour", op="in")), (0,), "请至少选一项"),
        (group(row(field="sex", op="=", by="value", value="x")), (0,), "没有选项“x”"),
        (group(row(field="name", op="=", by="value", value="甲" * 201)), (0,), "文字太长"),
        (group(row(field="name", op="=", by="value", value="甲\x00")), (0,), "控制字符"),
        (group(row()), (0,), "请选择字段"),
        (group(Node("related", {"relation": "plans", "how": "every", "match": "all"})), (0,), "空组会命中所有人"),
        (group(Node("related", {"relation": "plans", "how": "count", "match": "all", "op": ">", "by": "value", "value": "1.5"})), (0,), "值“1.5”不合"),
        (group(Node("related", {"relation": "household", "how": "some", "match": "all"}, items=[row(field="monitored", op="filled")])), (0,), "没有这种关联记录"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_row(form, place, message):
    found = checked(form, subjects()["person"], PARAMETERS)
    assert found.raw is None and set(found.problems) == {place} and message in found.problems[place]


def test_what_only_the_whole_shows_is_told_at_its_place_too():
    above = Node("above", {"relation": "household", "match": "all"}, items=[row(field="monitored", op="filled")])
    spells = Node("related", {"relation": "spells", "how": "some", "match": "all"}, items=[above])
    assert "不能再回到上一级" in checked(group(spells), subjects()["person"], ()).problems[0,]
    deep = row(field="age", op="filled")
    for _ in range(14):
        deep = group(deep, match="any")
    assert "套得太深" in next(iter(checked(group(deep), subjects()["person"], ()).problems.values()))
    many = group(*(row(field="age", op="filled") for _ in range(301)))
    assert "条件太多" in next(iter(checked(many, subjects()["person"], ()).problems.values()))


def test_more_than_any_rule_may_hold_is_not_even_read():
    with pytest.raises(TooLarge):
        posted(group(*(row() for _ in range(700))))
    assert from_post(QueryDict("n.0.field=age&x=1")) is None


# --- on the page
class Fields(HTMLParser):
    """The form fields of a page as a browser would send them."""

    def __init__(self):
        super().__init__()
        self.sent, self.select, self.area = [], None, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input" and "name" in attrs and (attrs.get("type") != "checkbox" or "checked" in attrs):
            self.sent.append((attrs["name"], attrs.get("value", "")))
        elif tag == "select":
            self.select = attrs["name"]
        elif tag == "option" and self.select and ("selected" in attrs or self.select not in dict(self.sent)):
            self.sent = [one for one in self.sent if one[0] != self.select] + [(self.select, attrs.get("value", ""))]
        elif tag == "textarea":
            self.area = attrs["name"]
            self.sent.append((self.area, ""))

    def handle_data(self, data):
        if self.area:
            self.sent[-1] = (self.area, self.sent[-1][1] + data)

    def handle_endtag(self, tag):
        self.select = None if tag == "select" else self.select
        self.area = None if tag == "textarea" else self.area


def sent_by(page) -> dict:
    parser, found = Fields(), {}
    parser.feed(page.content.decode())
    for name, value in parser.sent:
        if name.startswith("n.") or name in {"title", "severity", "why", "mend", "source", "valid_from", "reason"}:
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def draft(client, data_admin):
    """Begin a draft on its pages: of a new rule, or of a change to a code."""

    def begin(code="", subject="person"):
        client.force_login(data_admin)
        if code:
            client.post(reverse("rules:rule_change", args=[code]))
        else:
            client.post(reverse("rules:rule_new"), {"subject": subject})
        return RuleDraft.objects.latest("pk")

    return begin


def url(name: str, draft: RuleDraft) -> str:
    return reverse(f"rules:{name}", args=[draft.pk])


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["2_01_005", "2_11_002", "1_11_010", "5_17_003", "2_01_012", "1111_07"])
def test_the_page_sent_back_unchanged_says_the_same(client, draft, code):
    one = draft(code)
    before = one.form["root"]
    sent = sent_by(client.get(url("draft", one)))
    client.post(url("draft", one), sent)
    one.refresh_from_db()
    assert one.form["root"] == before
    answer = client.post(url("draft_submit", one), sent | {"reason": "试试"})
    assert answer.status_code == 422 and "与现行版本完全相同" in answer.content.decode()


@pytest.mark.django_db
def test_a_rule_is_built_row_by_row_and_submitted(client, draft, data_admin):
    one = draft()
    page = url("draft", one)
    sent = {
        "n.kind": "group",
        "n.match": "all",
        "n.0.kind": "row",
        "n.0.field": "age",
        "title": "甲",
        "severity": "lead",
    }
    answer = client.post(url("draft", one), sent, headers={"HX-Request": "true"}).content.decode()
    assert "n.0.op" in answer and "还有 1 处没填好" in answer and "请填写要比的值" not in answer
    sent |= {"n.0.op": "<", "n.0.by": "value", "n.0.value": "1.5"}
    answer = client.post(url("draft_preview", one), sent, headers={"HX-Request": "true"}).content.decode()
    assert "值“1.5”不合" in answer and 'id="n-0-error"' in answer
    sent["n.0.value"] = "16"
    home = factories.household(members=1)
    answer = client.post(url("draft_preview", one), sent, headers={"HX-Request": "true"}).content.decode()
    assert "年龄 &lt; 16 周岁" in answer and 'class="num">0</b> 人' in answer and home.state.head_name not in answer
    client.post(page, sent | {"do": "related::spells"})
    one.refresh_from_db()
    assert [item["kind"] for item in one.form["root"]["items"]] == ["row", "related"]
    client.post(page, sent_by(client.get(page)) | {"do": "drop:1"})
    refused = client.post(url("draft_submit", one), sent | {"reason": "", "valid_from": "2026-01-01"})
    assert (
        refused.status_code == 422
        and "请填写变更说明" in refused.content.decode()
        and 'value="16"' in refused.content.decode()
    )
    refused = client.post(url("draft_submit", one), sent | {"reason": "乙", "valid_from": "2020-01-01"})
    assert refused.status_code == 422 and "不能早于今天" in refused.content.decode()
    del sent["n.0.value"]
    refused = client.post(url("draft_submit", one), sent | {"reason": "乙", "valid_from": "2999-01-01"})
    assert refused.status_code == 422 and "请填写要比的值" in refused.content.decode()
    sent["n.0.value"] = "16"
    client.post(url("draft_submit", one), sent | {"reason": "乙", "valid_from": "2999-01-01"})
    version = RuleVersion.objects.get()
    assert (version.code, version.title, version.tree) == ("L_001", "甲", {"field": "age", "op": "<", "value": 16})
    assert not RuleDraft.objects.exists()


@pytest.mark.django_db
def test_a_draft_is_its_makers_alone(client, draft, district_clerk, town_officer):
    one = draft("2_01_011")
    other = factories.user("data_admin")
    for user, status in ((other, 404), (factories.user("district_leader"), 403), (town_officer, 403)):
        client.force_login(user)
        assert client.get(url("draft", one)).status_code == status
        assert client.post(url("draft_submit", one)).status_code == status
    client.force_login(town_officer)
    assert client.post(reverse("rules:rule_new"), {"subject": "person"}).status_code == 403
    assert RuleDraft.objects.count() == 1 and not RuleVersion.objects.exists()


@pytest.mark.django_db
def test_changing_goes_on_with_the_draft_that_is_there_and_dropping_ends_it(client, draft):
    one = draft("2_01_011")
    assert draft("2_01_011") == one and one.based_on == 0
    assert "我的草稿" in client.get(reverse("rules:rule_list")).content.decode()
    client.post(url("draft_drop", one))
    assert not RuleDraft.objects.exists()


@pytest.mark.django_db
def test_a_draft_is_simulated_against_the_rule_in_force(client, draft):
    one = draft("2_01_011")
    sent = sent_by(client.get(url("draft", one)))
    answer = client.post(url("draft_simulation", one), sent, headers={"HX-Request": "true"}).content.decode()
    assert "现行命中" in answer and "新增" in answer and "消失" in answer
    answer = client.post(url("draft_simulation", one), sent | {"n.0.value": ""}).content.decode()
    assert "还有 1 处没填好" in answer


@pytest.mark.django_db
def test_more_conditions_than_allowed_are_refused(client, draft):
    one = draft()
    sent = {"n.kind": "group", "n.match": "all"} | {f"n.{place}.kind": "row" for place in range(700)}
    before = one.form["root"]
    for name, more in (("draft", {}), ("draft_preview", {"headers": {"HX-Request": "true"}}), ("draft_submit", {})):
        answer = client.post(url(name, one), sent | {"title": "甲"}, follow=True, **more)
        assert "条件太多" in answer.content.decode()
        one.refresh_from_db()
        assert one.form["root"] == before and one.form["about"]["title"] == "甲"


@pytest.mark.django_db
def test_a_rule_of_more_fields_than_a_request_may_hold_is_sent_as_one_field(client, draft):
    one = draft()
    many = group(*(row(field="age", op="<", by="value", value=str(age)) for age in range(280)))
    typed = list(fields_of(many))
    assert len(typed) > 1000
    unpacked = client.post(url("draft", one), dict(typed))
    assert unpacked.status_code == 400 and "一次提交的内容太多" in unpacked.content.decode()
    client.post(url("draft", one), {"rows": json.dumps(typed), "title": "甲"})
    one.refresh_from_db()
    assert from_json(one.form["root"]) == many
    client.post(
        url("draft_submit", one),
        {"rows": json.dumps(typed), "title": "甲", "severity": "lead", "reason": "乙", "valid_from": "2999-01-01"},
    )
    assert len(RuleVersion.objects.get().tree["all"]) == 280


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"title": "乙"},
        {"n.0.field": "age"},
        {"rows": "["},
        {"rows": "[1]"},
        {"rows": '{"a": 1}'},
        {"rows": "[" * 100_000},
    ],
)
def test_what_holds_no_condition_leaves_the_draft_as_it_is(client, draft, sent):
    one = draft("2_01_011")
    before = one.form
    answer = client.post(url("draft", one), sent, follow=True).content.decode()
    one.refresh_from_db()
    assert one.form["root"] == before["root"] and before["root"]["items"]
    assert one.form["about"] == before["about"] | {"reason": "", "title": sent.get("title", before["about"]["title"])}
    assert "没有收到条件" in answer
    assert client.post(url("draft_submit", one), sent).status_code == 422 and not RuleVersion.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["title", "why", "mend", "source", "reason"])
@pytest.mark.parametrize("odd", ["甲\x07乙", "甲\u202e乙", "甲\ufffd乙"])
def test_characters_that_nobody_sees_are_refused_and_the_rest_is_kept(client, draft, name, odd):
    one = draft()
    sent = {
        "n.kind": "group",
        "n.match": "all",
        "n.0.kind": "row",
        "n.0.field": "age",
        "n.0.op": "<",
        "n.0.by": "value",
        "n.0.value": "16",
    }
    about = {
        "title": "名称　一",
        "why": "一\r\n二",
        "mend": "三",
        "source": "四",
        "reason": "五",
        "severity": "lead",
        "valid_from": "2999-01-01",
    }
    answer = client.post(url("draft_submit", one), sent | about | {name: odd})
    assert answer.status_code == 422 and "看不见的控制字符" in answer.content.decode()
    one.refresh_from_db()
    assert one.form["about"] | {name: ""} == about | {"why": "一\n二", name: ""} and one.form["root"]["items"]
    nul = client.post(url("draft_submit", one), sent | about | {name: "甲\x00"})
    assert nul.status_code == 400 and "有不能保存的字符" in nul.content.decode()
    assert client.post(url("draft_submit", one), sent | about).status_code == 302
    assert (RuleVersion.objects.get().title, RuleVersion.objects.get().why) == ("名称　一", "一\n二")


@pytest.mark.django_db
def test_characters_that_nobody_sees_are_refused_in_a_row_too(client, draft):
    one = draft()
    sent = {
        "n.kind": "group",
        "n.match": "all",
        "n.0.kind": "row",
        "n.0.field": "name",
        "n.0.op": "=",
        "n.0.by": "value",
        "n.0.value": "甲\x07",
    }
    answer = client.post(url("draft_preview", one), sent, headers={"HX-Request": "true"}).content.decode()
    assert "控制字符" in answer
    for odd in ("\x00", "\ud800"):
        packed = [[key, value.replace("\x07", odd)] for key, value in sent.items()]
        answer = client.post(url("draft_preview", one), {"rows": json.dumps(packed)}, headers={"HX-Request": "true"})
        assert "控制字符" in answer.content.decode()


def test_a_day_is_moved_by_a_number_above_zero_and_a_known_unit():
    def moved_by(**words):
        form = group(row(field="birth_date", op="<", by="as_of", shift="back", **words))
        return checked(form, subjects()["person"], ()).problems.get((0,), "")

    assert moved_by(amount="3", unit="months") == ""
    assert "应大于 0" in moved_by(amount="-3", unit="months") and "应大于 0" in moved_by(amount="0", unit="days")
    assert "个月还是天" in moved_by(amount="3", unit="as_of")


@pytest.mark.django_db
def test_a_draft_overtaken_by_somebody_elses_version_is_not_submitted_unseen(client, draft, data_admin):
    one = draft("2_01_011")
    other, leader = factories.user("data_admin"), factories.user("district_leader")
    with acting_as(actor_for(other)):
        theirs = services.submit(
            code="2_01_011",
            subject="person",
            title="他人的改动",
            severity="error",
            tree=["age", "<", 15],
            reason="丙",
            by=other,
            based_on=0,
        )
    with acting_as(actor_for(leader)):
        services.decide(proposal=theirs, by=leader, approve=True)
    sent = sent_by(client.get(url("draft", one))) | {"title": "我的改动", "reason": "丁"}
    told = client.get(url("draft", one)).content.decode()
    assert "第 1 版" in told and other.name in told
    refused = client.post(url("draft_submit", one), sent)
    assert refused.status_code == 422
    for words in ("内置规则", "第 1 版", other.name):
        assert words in refused.content.decode()
    client.post(url("draft", one), sent | {"do": "rebase:1"})
    assert client.post(url("draft_submit", one), sent).status_code == 302
    mine = RuleVersion.objects.get(number=2)
    assert (mine.title, mine.based_on) == ("我的改动", 1)
