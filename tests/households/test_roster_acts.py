"""The buttons of a batch as people press them: withdrawn, pressed twice, pressed on a page that is no longer true."""

import datetime as dt
import re
import threading
import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from households import tasks
from households.models import Person, RosterRow
from households.roster import committing, jobs, recovery, reversing
from households.roster.running import progress_of
from households.services import roster
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.accounts.services import deputies
from jiyang.intake import acts, progress
from jiyang.intake.enums import BatchState
from jiyang.intake.header import Choice
from jiyang.intake.layouts import layouts
from jiyang.intake.models import Batch, BatchFinding, Reversal
from jiyang.intake.progress import Progress
from jiyang.workflow import reasons
from jiyang.workflow.tasks import sources_for
from tests import buttons, factories
from tests.households.test_roster import DATA, approve, contents, submit
from tests.households.test_roster import reverse as take_back
from tests.households.test_roster_plan import clear, send
from tests.households.test_roster_races import meanwhile
from tests.households.test_roster_storable import ONE, TWO, as_csv, load, row
from tests.intake.workbooks import workbook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def press():
    """`press(user, act, batch, **data)` → (status, page): a button of the batch's page; everybody logs in once."""
    clients: dict[int, Client] = {}

    def _press(user, act: str, batch: Batch, **data) -> tuple[int, str]:
        if user.pk not in clients:
            clients[user.pk] = Client()
            clients[user.pk].force_login(user)
        client = clients[user.pk]
        urls = [reverse(f"households:batch_{name}", args=[batch.pk]) for name in ("detail", act)]
        answer = buttons.press(client, *urls, batch, **data)
        return answer.status_code, answer.content.decode()

    return _press


@pytest.fixture
def batch(data_admin) -> Batch:
    people = as_csv(row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    return submit(data_admin, send(data_admin, people))


def page(user, batch: Batch) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("households:batch_detail", args=[batch.pk])).content.decode()


def seen(text: str) -> str:
    """What the page's button says that it showed."""
    return text.split('name="seen" value="')[1].split('"')[0]


def state(batch: Batch) -> str:
    with system_scope("测试"):
        return Batch.objects.get(pk=batch.pk).state


def waits(user) -> bool:
    with acting_as(actor_for(user)) as actor:
        (source,) = (one for one in sources_for(actor) if one.key == "roster_batch")
        return source.rows(actor).exists()


def test_a_button_without_what_its_page_showed_does_nothing(press, batch, data_admin, district_clerk):
    for user, act in ((data_admin, "withdraw"), (district_clerk, "approve"), (district_clerk, "hold")):
        code, told = press(user, act, batch, seen="", row=2)
        assert code == 422 and "看到的是哪一版内容" in told and state(batch) == BatchState.SUBMITTED
    reading = Client()
    reading.force_login(data_admin)
    assert reading.post(reverse("households:batch_reading", args=[batch.pk]), {"header_row": "1"}).status_code == 422


def test_a_maker_takes_a_submission_back_before_it_is_decided(press, batch, data_admin, district_clerk):
    opened = page(district_clerk, batch)
    assert "撤回提交" in page(data_admin, batch) and "撤回提交" not in opened
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[2])
    assert press(data_admin, "withdraw", batch)[0] == 302
    assert state(batch) == BatchState.CHECKED and not waits(district_clerk)
    text = page(data_admin, batch)
    assert f"{data_admin.name}" in text and "撤回了提交" in text and "提交复核：新增 2" in text
    code, told = press(district_clerk, "approve", batch, seen=seen(opened))
    assert code == 422 and "现在是“待提交”，不能再做这一步" in told
    with system_scope("测试"):
        assert not RosterRow.objects.filter(batch=batch, held=True).exists() and not Person.objects.exists()
        states = list(
            Batch.pgh_event_model.objects.filter(pgh_obj_id=batch.pk)
            .order_by("pgh_id")
            .values_list("state", "submitted_by")
        )
        assert states[-2:] == [("submitted", data_admin.pk), ("checked", None)]
    assert approve(district_clerk, submit(data_admin, batch)).counts["insert"] == 2


@pytest.mark.parametrize("act", ["return", "approve", "undo"])
def test_a_reason_is_kept_as_a_whole_or_refused(press, batch, data_admin, district_clerk, act):
    """Also with what the system says before it where rows could not be written."""
    if act == "undo":
        approve(district_clerk, batch)
    with acting_as(actor_for(district_clerk)):
        if act == "approve":
            roster.hold(batch=batch, by=district_clerk, rows=[3])
    user, was = (data_admin if act == "undo" else district_clerk), state(batch)
    assert f'maxlength="{reasons.LONGEST}"' in page(user, batch)
    status, text = press(user, act, batch, reason="长" * (reasons.LONGEST + 1))
    assert status == 422 and f"最多 {reasons.LONGEST} 个字" in text and state(batch) == was
    assert press(user, act, batch, reason="长" * reasons.LONGEST)[0] == 302
    with system_scope("测试"):
        batch.refresh_from_db()
        assert (batch.reversals.get() if act == "undo" else batch).reason == "长" * reasons.LONGEST


def test_a_refused_act_answers_with_a_page_that_goes_on(press, batch, district_clerk):
    """Its links and forms lead to the batch, and so does its own address opened again."""
    status, text = press(district_clerk, "hold", batch)
    main = text.split("<main")[1]
    assert status == 422 and "请先勾选要暂缓的行" in main
    assert re.findall(r'(?:href|action)="(\?[^"]*|)"', main) == []
    assert (
        re.search(r'<form class="filters" method="get"(?: action="([^"]*)")?', main)[1]
        == f"/households/import/{batch.pk}/"
    )
    client = Client()
    client.force_login(district_clerk)
    for act in ("hold", "approve", "return", "undo"):
        again = client.get(reverse(f"households:batch_{act}", args=[batch.pk]))
        assert (again.status_code, again.url) == (302, f"/households/import/{batch.pk}/")


def test_only_its_maker_takes_a_submission_back_and_only_while_it_waits(press, batch, data_admin, district_clerk):
    assert press(factories.user("data_admin"), "withdraw", batch)[0] == 403
    assert press(district_clerk, "withdraw", batch)[0] == 403 and state(batch) == BatchState.SUBMITTED
    approve(district_clerk, batch)
    code, told = press(data_admin, "withdraw", batch)
    assert code == 422 and "现在是“已入库”" in told


def test_a_checker_agrees_to_what_the_page_showed(press, batch, data_admin, district_clerk):
    old = seen(page(district_clerk, batch))
    with acting_as(actor_for(data_admin)):
        roster.withdraw(batch=batch, by=data_admin)
        roster.submit(batch=batch, by=data_admin)
    code, told = press(district_clerk, "approve", batch, seen=old)
    assert code == 422 and "又提交过" in told and state(batch) == BatchState.SUBMITTED
    now = seen(page(district_clerk, batch))
    with acting_as(
        actor_for(leader := factories.user("district_leader"))
    ):  # another checker holds a household meanwhile
        roster.hold(batch=batch, by=leader, rows=[2])
    assert press(district_clerk, "approve", batch, seen=now, reason="村里在核实")[0] == 422
    assert (
        press(district_clerk, "approve", batch, seen=seen(page(district_clerk, batch)), reason="村里在核实")[0] == 302
    )


def test_every_button_pressed_twice_acts_once(press, data_admin, district_clerk):
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE)))
    assert [press(data_admin, "submit", batch)[0] for _ in range(2)] == [302, 422]
    assert [press(district_clerk, "approve", batch)[0] for _ in range(2)] == [302, 422]
    with acting_as(actor_for(district_clerk)):
        assert committing.commit(batch.pk).state == BatchState.APPROVED and committing.commit(batch.pk) is None
    clear()
    for kind in ("undo", "redo"):
        assert [press(district_clerk, "undo", batch, reason="导错", seen=kind)[0] for _ in range(2)] == [302, 422]
        agree = {"decision": "approve", "seen": seen(page(data_admin, batch))}
        assert [press(data_admin, "undo_decide", batch, **agree)[0] for _ in range(2)] == [302, 422]
        with acting_as(actor_for(data_admin)):
            reversing.reverse(batch.pk)
            assert reversing.reverse(batch.pk) is None
        clear()
        assert press(data_admin, "undo_decide", batch, **agree)[0] == 422
        assert (
            press(district_clerk, "undo", batch, reason="导错", seen=kind)[0] == 422
        )  # the page is from before it was done
    with system_scope("测试"):
        assert list(Reversal.objects.order_by("pk").values_list("kind", "state")) == [
            ("undo", "approved"),
            ("redo", "approved"),
        ]
        assert Person.objects.get().name == "王一"


def test_a_cancel_is_told_as_received_until_the_job_stops(press, data_admin):
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="a.csv", data=as_csv(row("3701", "9001", "王一", ONE)))
    assert "取消处理" in page(data_admin, batch)
    assert press(data_admin, "cancel", batch)[0] == 302
    text = page(data_admin, batch)
    assert f"已收到取消（{data_admin.name} " in text and "取消处理" not in text


def test_an_old_page_does_not_agree_to_another_request(press, data_admin, district_clerk):
    batch = load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    clear()
    assert press(district_clerk, "undo", batch, reason="导错", seen="undo")[0] == 302
    old = seen(page(data_admin, batch))
    assert press(district_clerk, "undo_withdraw", batch)[0] == 302
    assert press(district_clerk, "undo", batch, reason="另一个原因", seen="undo")[0] == 302
    code, told = press(data_admin, "undo_decide", batch, decision="approve", seen=old)
    assert code == 422 and "已经处理或撤回" in told and state(batch) == BatchState.APPROVED


def test_who_stands_in_for_the_maker_is_told_that_another_must_decide(press, batch, data_admin):
    deputy, today = factories.user("town_officer", "仁风镇"), timezone.localdate()
    with acting_as(actor_for(data_admin)):
        deputies.stand_in(
            posting=data_admin.postings.get(),
            deputy=deputy,
            since=today,
            until=today + dt.timedelta(days=7),
            reason="外出",
            by=data_admin,
        )
    text = page(deputy, batch)
    assert "由本人代理，须由另一位同志复核" in text and "同意入库" not in text and not waits(deputy)
    assert press(deputy, "approve", batch)[0] == 403


def test_an_old_dump_is_led_to_where_it_can_be_checked(press, data_admin):
    client = Client()
    client.force_login(data_admin)
    assert reverse("households:checkup_new") in client.get(reverse("households:batch_upload")).content.decode()
    dump = workbook(
        ("AC01", [[one.heading for one in layouts()["legacy_household"].fields], ["2017", "3701"]]), titles=0
    )
    with acting_as(actor_for(data_admin)):
        batch = jobs.check(roster.upload(by=data_admin, filename="AC01.xlsx", data=dump).pk)
    text = page(data_admin, batch)
    assert batch.state == BatchState.REFUSED and "旧系统户表（AC01）" in text
    assert "这种表只能核对，不能导入" in text and reverse("households:checkup_new") in text


def test_a_checker_does_not_agree_to_other_households_held_than_the_page_showed(press, batch, district_clerk):
    with acting_as(actor_for(leader := factories.user("district_leader"))):
        roster.hold(batch=batch, by=leader, rows=[2])
    opened = page(leader, batch)
    now = page(district_clerk, batch)
    assert press(district_clerk, "hold", batch, row=2, held=0, seen=seen(now))[0] == 302
    assert press(district_clerk, "hold", batch, row=3, seen=seen(page(district_clerk, batch)))[0] == 302
    code, told = press(leader, "approve", batch, reason="王一家在核实", seen=seen(opened))
    assert code == 422 and "打开页面以后" in told and state(batch) == BatchState.SUBMITTED
    with system_scope("测试"):
        assert list(RosterRow.objects.filter(batch=batch, held=True).values_list("row", flat=True)) == [3]


def test_an_old_page_does_nothing_to_what_was_read_anew(press, data_admin, district_clerk):
    batch = send(data_admin, as_csv(row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO)))
    old = seen(page(data_admin, batch))

    def read_again() -> None:
        with acting_as(actor_for(data_admin)):
            roster.reread(batch=batch, by=data_admin, choice=Choice())
        clear()
        tasks.check_batch(batch.pk, data_admin.pk)

    read_again()
    for act in ("submit", "drop", "recheck"):
        code, told = press(data_admin, act, batch, seen=old)
        assert code == 422 and "打开页面以后" in told and state(batch) == BatchState.CHECKED
    reading = Client()
    reading.force_login(data_admin)
    answer = reading.post(reverse("households:batch_reading", args=[batch.pk]), {"header_row": "1", "seen": old})
    assert answer.status_code == 422 and state(batch) == BatchState.CHECKED
    assert press(data_admin, "submit", batch, seen=seen(page(data_admin, batch)))[0] == 302
    old, own = seen(page(district_clerk, batch)), seen(page(data_admin, batch))
    assert press(data_admin, "withdraw", batch, seen=own)[0] == 302
    read_again()
    assert press(data_admin, "submit", batch, seen=seen(page(data_admin, batch)))[0] == 302
    for act, more in (("hold", {"row": 2}), ("return", {"reason": "错了"}), ("approve", {})):
        code, told = press(district_clerk, act, batch, seen=old, **more)
        assert code == 422 and "打开页面以后" in told and state(batch) == BatchState.SUBMITTED
    assert press(data_admin, "withdraw", batch, seen=own)[0] == 422
    with system_scope("测试"):
        assert not RosterRow.objects.filter(batch=batch, held=True).exists()


def test_dropping_a_batch_that_is_written_or_taken_back_neither_drops_nor_cancels_it(
    press, batch, data_admin, district_clerk
):
    assert press(district_clerk, "approve", batch)[0] == 302
    code, told = press(data_admin, "drop", batch)
    assert code == 422 and "现在是“入库中”" in told
    tasks.commit_batch(batch.pk, district_clerk.pk)
    clear()
    assert state(batch) == BatchState.APPROVED
    assert press(data_admin, "undo", batch, reason="导错")[0] == 302
    assert press(district_clerk, "undo_decide", batch, decision="approve")[0] == 302
    assert press(data_admin, "drop", batch)[0] == 422
    tasks.reverse_batch(batch.pk, district_clerk.pk)
    assert state(batch) == BatchState.UNDONE


def test_who_cancelled_and_who_had_agreed_is_told(press, batch, data_admin, district_clerk):
    assert press(data_admin, "cancel", batch)[0] == 422  # nothing runs
    assert press(district_clerk, "approve", batch)[0] == 302
    code, told = press(data_admin, "cancel", batch, seen="校验中")  # the page is of another job
    assert code == 422 and "现在是“入库中”" in told
    assert press(data_admin, "cancel", batch, seen=seen(page(data_admin, batch)))[0] == 302
    tasks.commit_batch(batch.pk, district_clerk.pk)
    text = page(data_admin, batch)
    assert f"处理已取消，没有写入任何数据（{data_admin.name} " in text
    assert f"{district_clerk.name} 同意过，须重新复核" in text


def test_an_act_on_a_batch_at_which_a_job_is_answers_at_once(press, batch, data_admin, district_clerk):
    assert press(district_clerk, "approve", batch)[0] == 302
    answered = threading.Event()
    with meanwhile(district_clerk, lambda: tasks.commit_batch(batch.pk, district_clerk.pk), answered.is_set):
        for user, act, more in (
            (district_clerk, "approve", {}),
            (data_admin, "withdraw", {}),
            (data_admin, "drop", {}),
        ):
            began = time.monotonic()
            code, told = press(user, act, batch, **more)
            assert code == 422 and "正在处理" in told and time.monotonic() - began < 4
        assert press(data_admin, "cancel", batch)[0] == 302  # too late, but not refused
        answered.set()
    assert state(batch) == BatchState.APPROVED


def test_a_batch_that_goes_back_whole_tells_what_was_held_and_holds_it_no_more(press, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE), row("3702", "9002", "李二", TWO))
    clear()
    able = {"劳动技能": "普通劳动力"}
    rows = row("3701", "9001", "王一", ONE, **able), row("3702", "9002", "李二", TWO, **able)
    batch = submit(data_admin, send(data_admin, as_csv(*rows)))
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[3])
    with system_scope("测试"):
        Person.objects.filter(name="王一").update(labour="none")
    clear()
    assert press(district_clerk, "approve", batch, reason="村里在核实")[0] == 302
    tasks.commit_batch(batch.pk, district_clerk.pk)
    text = page(data_admin, batch)
    assert state(batch) == BatchState.CHECKED and "已重新比对" in text and "复核人暂缓：村里在核实" in text
    with system_scope("测试"):
        assert not RosterRow.objects.filter(batch=batch, held=True).exists()


def test_what_was_held_is_not_replaced_by_the_whole_file(press, batch, data_admin, district_clerk):
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[2])
        roster.approve(batch=batch, by=district_clerk, reason="村里在核实")
    clear()
    tasks.commit_batch(batch.pk, district_clerk.pk)
    with system_scope("测试"):
        rest = Batch.objects.get(continues=batch)
    text = page(data_admin, rest)
    assert "修改对应关系" not in text and "复核人暂缓：村里在核实" in text
    for act in ("recheck", "reading"):
        code, told = press(data_admin, act, rest, seen=seen(text))
        assert code == 422 and f"这一批只是批次 {batch} 里暂缓或被更改的户" in told
    with system_scope("测试"):
        assert list(RosterRow.objects.filter(batch=rest).values_list("row", flat=True)) == [2]
        assert Batch.objects.get(pk=rest.pk).reason == "复核人暂缓：村里在核实"


def test_a_check_that_runs_says_so(press, data_admin):
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="名单.csv", data=as_csv(row("3701", "9001", "王一", ONE)))
    assert recovery_begin(batch)
    text = page(data_admin, batch)
    assert "<b>校验中</b>" in text and "待校验" not in text and state(batch) == BatchState.CHECKING
    assert press(data_admin, "drop", batch)[0] == 422
    tasks.check_batch(batch.pk, data_admin.pk)
    assert state(batch) == BatchState.CHECKED
    before = seen(page(data_admin, batch))
    assert recovery_begin(batch)  # a job given out twice leaves a finished batch, and its open pages, alone
    assert seen(page(data_admin, batch)) == before


def recovery_begin(batch: Batch) -> bool:
    with system_scope("测试"):
        return recovery.begin(batch.pk)


PHASES = {
    "check": ("读取文件", "规范内容", "写入暂存", "校验规则", "比对系统数据", "保存核对结果", "完成"),
    "commit": ("核对计划", "写入系统", "完成"),
    "undo": ("撤销", "完成"),
    "redo": ("恢复", "完成"),
}


WITHIN = {"check": ("读取文件", "规范内容", "写入暂存"), "commit": ("写入系统",), "undo": ("撤销",), "redo": ("恢复",)}


@pytest.mark.parametrize(
    ("job", "phase", "within"),
    [
        (job, phase, within)
        for within, told in ((False, PHASES), (True, WITHIN))
        for job, phases in told.items()
        for phase in phases
    ],
)
def test_a_job_cancelled_in_any_phase_or_within_it_writes_nothing_and_goes_again(
    press, data_admin, district_clerk, monkeypatch, job, phase, within
):
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="名单.csv", data=as_csv(row("3701", "9001", "王一", ONE)))
    run, states = {"check": tasks.check_batch}, {"check": BatchState.REFUSED}
    if job != "check":
        tasks.check_batch(batch.pk, data_admin.pk)
        assert press(data_admin, "submit", batch)[0] == press(district_clerk, "approve", batch)[0] == 302
        run["commit"], states["commit"] = tasks.commit_batch, BatchState.SUBMITTED
    for kind in ("undo", "redo")[
        : ("check", "commit", "undo", "redo").index(job) - 1 if job in ("undo", "redo") else 0
    ]:
        clear()
        (tasks.commit_batch if kind == "undo" else tasks.reverse_batch)(batch.pk, district_clerk.pk)
        clear()
        assert press(district_clerk, "undo", batch, reason="导错")[0] == 302
        assert press(data_admin, "undo_decide", batch, decision="approve")[0] == 302
        run[kind], states[kind] = tasks.reverse_batch, BatchState.APPROVED if kind == "undo" else BatchState.UNDONE
    before, step, part = contents(), Progress.step, Progress.part

    def stop(self, name, *args):
        if name == phase and not within:
            assert press(data_admin, "cancel", batch)[0] == 302
        step(self, name, *args)

    def stop_within(self, share, done=0):
        copying = phase != "写入暂存" or done
        if within and copying and self.read()["phase"] == phase:
            self.cancel()  # a page would ask by this connection, which is in the middle of a COPY
        part(self, share, done)

    monkeypatch.setattr(progress, "EACH", 0)
    monkeypatch.setattr(Progress, "step", stop)
    monkeypatch.setattr(Progress, "part", stop_within)
    clear()
    run[job](batch.pk, district_clerk.pk if job == "commit" else data_admin.pk)
    assert (state(batch), contents()) == (states[job], before)
    monkeypatch.undo()
    assert "处理已取消，没有写入任何数据" in page(data_admin, batch)


def test_a_job_tells_its_rows_and_how_much_is_done(data_admin, district_clerk, monkeypatch):
    told, tell = [], Progress._tell

    def listen(self, *args, **more):
        tell(self, *args, **more)
        told.append(self.read())

    monkeypatch.setattr(progress, "EACH", 0)
    monkeypatch.setattr(progress, "SURE", 0)
    monkeypatch.setattr(Progress, "_tell", listen)
    data = (DATA / "roster_a_small.xlsx").read_bytes()
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="名单.xlsx", data=data)
    tasks.check_batch(batch.pk, data_admin.pk)
    assert {500} == {one["done"] for one in told if one["phase"] == "写入暂存" and one["done"]}
    assert {250, 500} == {one["done"] for one in told if one["phase"] == "读取文件" and one["done"]}
    for kind in ("check", "commit", "undo", "redo"):
        shares = [one["percent"] for one in told]
        assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 100) and len(set(shares)) > 4, kind
        assert all(one["left"] for one in told if 0 < one["percent"] < 100), kind
        told.clear()
        clear()
        if kind == "check":
            submit(data_admin, batch)
            with acting_as(actor_for(district_clerk)):
                roster.approve(batch=batch, by=district_clerk)
            tasks.commit_batch(batch.pk, district_clerk.pk)
        elif kind != "redo":
            with acting_as(actor_for(data_admin)):
                acts.ask_reversal(batch=batch, by=data_admin, reason="导错")
            with acting_as(actor_for(district_clerk)):
                roster.decide_reversal(batch=batch, by=district_clerk, approve=True)
            tasks.reverse_batch(batch.pk, district_clerk.pk)


def test_the_page_of_a_job_says_what_is_done_and_what_is_left(data_admin):
    with acting_as(actor_for(data_admin)):
        batch = roster.upload(by=data_admin, filename="名单.csv", data=as_csv(row("3701", "9001", "王一", ONE)))
    now = progress_of(batch.pk, {"读取文件": 1, "写入暂存": 3})
    now.step("读取文件")
    now._found["began"] -= 20  # seconds ago
    now.step("写入暂存", 30000, 60000)
    text = page(data_admin, batch)
    assert '写入暂存，<span class="num">30,000</span> / <span class="num">60,000</span> 行' in text
    assert '大约还要 <span class="num">60</span> 秒' in text and '<progress max="100" value="25"' in text


def test_an_upload_pressed_twice_is_one_batch(data_admin):
    data = as_csv(row("3701", "9001", "王一", ONE))
    with acting_as(actor_for(data_admin)):
        one, two = (roster.upload(by=data_admin, filename="名单.csv", data=data) for _ in range(2))
        assert one.pk == two.pk
        jobs.check(one.pk)
        later = roster.upload(by=data_admin, filename="名单.csv", data=data)
    assert later.pk != one.pk
    clear()
    with acting_as(actor_for(data_admin)):
        jobs.check(later.pk)
    assert "同一个文件还传过" in page(data_admin, later)


def test_a_batch_keeps_why_a_part_was_held_and_tells_what_became_of_a_request(press, batch, data_admin, district_clerk):
    with acting_as(actor_for(district_clerk)):
        roster.hold(batch=batch, by=district_clerk, rows=[2])
        clear()
        committing.commit(roster.approve(batch=batch, by=district_clerk, reason="村里在核实").pk)
    assert press(district_clerk, "undo", batch, reason="导错")[0] == 302
    assert press(data_admin, "undo_decide", batch, decision="return", reason="没有导错")[0] == 302
    text = page(district_clerk, batch)
    assert "部分暂缓：村里在核实" in text and "撤销申请没有办成" in text and "没有导错" in text
    assert press(district_clerk, "undo", batch, reason="真的导错")[0] == 302
    assert press(data_admin, "undo_decide", batch, decision="approve")[0] == 302
    assert press(data_admin, "cancel", batch)[0] == 302
    clear()
    tasks.reverse_batch(batch.pk, data_admin.pk)
    text = page(district_clerk, batch)
    assert "部分暂缓：村里在核实" in text and "处理已取消，没有写入任何数据" in text
    take_back(data_admin, district_clerk, batch)
    text = page(district_clerk, batch)
    assert "部分暂缓：村里在核实" in text and "已撤销：" not in text and "没有办成" not in text


def test_a_file_that_changes_nothing_asks_nobody_to_submit_it(press, data_admin, district_clerk):
    load(data_admin, district_clerk, row("3701", "9001", "王一", ONE))
    clear()
    same = send(data_admin, as_csv(row("3701", "9001", "王一", ONE)))
    text = page(data_admin, same)
    assert "没有要新增或变更的行，不需要提交" in text and "提交复核：" not in text
    client = Client()
    client.force_login(data_admin)
    assert press(data_admin, "submit", same)[0] == 422
    clear()
    wrong = send(data_admin, as_csv(row("3702", "9002", "李二", ONE[:-1])))
    clear()
    new = send(data_admin, as_csv(row("3702", "9002", "李二", TWO)))

    def listed(state: str) -> list[tuple[str, str]]:
        text = client.get(reverse("households:batch_list"), {"state": state}).content.decode()
        return re.findall(r'/import/(\d+)/">.*?<span class="tag[^>]*>(.*?)</span>', text)

    told = {"idle": [(same, "不需入库")], "stuck": [(wrong, "无可入库的行")], "checked": [(new, "待提交")]}
    assert {state: listed(state) for state in told} == {
        state: [(str(batch.pk), label) for batch, label in found] for state, found in told.items()
    }


def test_an_error_in_a_column_that_the_page_has_no_room_for_is_told_below_its_row(data_admin):
    wide = workbook(("名单", [[one.heading for one in layouts()["roster_c"].fields], removed()]), titles=0)
    with acting_as(actor_for(data_admin)):
        batch = jobs.check(roster.upload(by=data_admin, filename="监测.xlsx", data=wide).pk)
    with system_scope("测试"):
        wrong = BatchFinding.objects.filter(batch=batch, severity="E")
        assert wrong.values("field").distinct().count() > 12
        headings = set(wrong.values_list("column", flat=True))
    text = page(data_admin, batch)
    below = text.split("第 2 行另有错误：")[1].split("</tr>")[0]
    shown = set(re.findall(r'<th scope="col">([^<]+)</th>', text))
    assert headings - shown and all(heading in below for heading in headings - shown)
    assert below.count("各项未填全") == 1  # one fault of many columns is told once


def removed() -> list[str]:
    """A monitored household that was removed with nothing said of what came after."""
    told = {
        "县": "济阳区", "乡": "仁风镇", "村": factories.village().name, "户编号": "3701", "人编号": "9001", "姓名": "王一", "证件号码": ONE,
        "与户主关系": "户主", "民族": "汉族", "文化程度": "初中", "健康状况": "健康", "劳动技能": "弱劳动力或半劳动力", "户类型": "脱贫户",
        "监测对象类别": "脱贫不稳定户", "风险是否已消除": "是", "识别监测时间": "202301", "消除监测时间": "202302",
    }  # fmt: skip
    return [told.get(one.heading, "") for one in layouts()["roster_c"].fields]
