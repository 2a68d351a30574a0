"""Visits on a phone, with and without network: nothing typed is lost, nothing arrives twice (UI.md section 8)."""

import datetime as dt
import io
import re

import pytest
from django.utils import timezone
from PIL import Image

from households.services import moves
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.documents.models import Attachment
from monitoring.models import Visit
from tests import factories
from tests.browser.weights import KB, weigh

pytestmark = pytest.mark.django_db(transaction=True)
TAPS = 6  # UI.md section 7: the most for a visit without change, from the due list
PERSONAL = re.compile(r"\d{15,}|1[3-9]\d{9}")
STORED = """async () => {
  const open = indexedDB.open('jiyang');
  const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const all = (store) => new Promise((done) => { const asked = db.transaction(store).objectStore(store).getAll(); asked.onsuccess = () => done(asked.result); });
  const found = { drafts: await all('drafts'), blobs: (await all('blobs')).length, kept: await all('kept') };
  db.close();
  return found;
}"""

UNTIL_SENT = """async () => {
  for (let turn = 0; turn < 100 && localStorage.getItem('drafts'); turn += 1) await new Promise((done) => setTimeout(done, 50));
  if (localStorage.getItem('drafts')) throw new Error('still waiting');
}"""
FULL = """() => {
  const full = () => { throw new DOMException('full', 'QuotaExceededError'); };
  IDBObjectStore.prototype.add = full; IDBObjectStore.prototype.put = full;
}"""


def photo(edge: int = 2400) -> dict:
    stream = io.BytesIO()
    Image.effect_noise((edge, edge * 3 // 4), 60).convert("RGB").save(stream, "JPEG", quality=95)
    return {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


@pytest.fixture
def homes(db):
    """Three households whose visit is due, most overdue first."""
    made = [factories.household(tier=tier, phone="13812346027") for tier in "ABC"]
    with system_scope("测试"):
        for home, days in zip(made, (-5, 0, 3), strict=True):
            home.state.next_visit_on = timezone.localdate() + dt.timedelta(days=days)
            home.state.save()
    return made


def ready(page) -> None:
    page.wait_for_selector("html[data-ready]", state="attached")


def kept_for_offline(page) -> None:
    """The due list has been opened and everything it keeps is there."""
    ready(page)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")


def sign(page) -> None:
    box = page.locator("canvas.sign")
    page.wait_for_selector("[data-signature][data-ready]")
    box.evaluate("one => one.scrollIntoView({ block: 'center' })")
    place = box.bounding_box()
    page.mouse.move(place["x"] + 30, place["y"] + 40)
    page.mouse.down()
    page.mouse.move(place["x"] + 120, place["y"] + 120, steps=5)
    page.mouse.up()
    page.wait_for_selector("[data-signature=kept]")


def submit(page) -> None:
    page.locator("button[type=submit]").tap()


def test_three_visits_without_network_arrive_once(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True).open("/monitoring/due/")
    page = officer.page
    kept_for_offline(page)
    page.context.set_offline(True)
    for home in homes:
        page.goto(f"{officer.base}/monitoring/due/")
        ready(page)
        page.locator(f".duelist a[href='/monitoring/household/{home.pk}/visit/']").tap()
        ready(page)
        page.fill("[name=notes]", f"断网走访{home.pk}")
        page.set_input_files("[name=photos]", [photo()])
        page.wait_for_selector("[data-thumbs] li")
        sign(page)
        page.wait_for_selector("text=已存本机")
        page.reload()
        ready(page)
        assert page.input_value("[name=notes]") == f"断网走访{home.pk}"
        assert page.locator("[data-thumbs] li").count() == 1
        assert page.locator("img.sign").is_visible()
        submit(page)
        page.wait_for_selector("text=走访记录已存在本机")
    assert page.locator("[data-waiting]").inner_text() == "待上传（3）"
    stored = page.evaluate(STORED)
    assert [draft["state"] for draft in stored["drafts"]] == ["queued"] * 3
    assert not PERSONAL.search(re.sub(r'"(uuid|no|household_no)": ?"[^"]*"', "", str(stored["kept"]).replace("'", '"')))
    page.reload()
    ready(page)
    page.context.set_offline(False)
    page.goto(f"{officer.base}/monitoring/due/")
    page.wait_for_selector("[data-waiting]", state="hidden")
    ready(page)
    page.reload()
    ready(page)
    stored = page.evaluate(STORED)
    assert ([draft["state"] for draft in stored["drafts"]], stored["blobs"]) == (["sent"] * 3, 0)
    with system_scope("测试"):
        assert sorted(Visit.objects.values_list("notes", flat=True)) == sorted(f"断网走访{home.pk}" for home in homes)
        kinds = sorted(Attachment.objects.values_list("kind", flat=True))
        assert all(size <= 400 * 1024 for size in Attachment.objects.values_list("size", flat=True))
    assert kinds == ["photo"] * 3 + ["signature"] * 3
    officer.faults.clear()  # requests that failed without network are told on the console


def test_a_visit_without_change_takes_few_taps(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True).open("/monitoring/due/")
    page, taps = officer.page, 0
    ready(page)
    officer.check()

    def tap(selector: str) -> None:
        nonlocal taps
        page.locator(selector).first.tap()
        taps += 1

    tap(".duelist a.item")
    ready(page)
    officer.check()
    tap("button[type=submit]")
    page.wait_for_url(lambda url: "/receipt/" in url)
    officer.check()
    assert taps <= TAPS
    tap("text=下一户")
    ready(page)
    assert f"/household/{homes[1].pk}/visit/" in page.url
    with system_scope("测试"):
        assert list(Visit.objects.values_list("household", flat=True)) == [homes[0].pk]


def write(page, base: str, home, notes: str) -> None:
    """Fill in a visit of a household without submitting it."""
    page.goto(f"{base}/monitoring/household/{home.pk}/visit/")
    ready(page)
    page.fill("[name=notes]", notes)
    page.wait_for_selector("text=已存本机")


def sign_in(officer, user) -> None:
    officer.page.context.clear_cookies()
    officer.log_in(user)


def recorded() -> list[str]:
    with system_scope("测试"):
        return sorted(Visit.objects.values_list("notes", flat=True))


def test_a_lost_answer_makes_no_second_record(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True)
    page = officer.page
    write(page, officer.base, homes[0], "答复丢失")
    lost = []

    def lose(route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.context.route("**/visit/", lose)
    submit(page)
    page.wait_for_selector("text=走访记录已存在本机")
    assert (lost, recorded()) == ([201], ["答复丢失"])
    officer.open("/households/registry/")  # any page sends what waits
    page.evaluate(UNTIL_SENT)
    assert recorded() == ["答复丢失"]


def test_an_ended_session_and_another_users_log_in(visitor, homes, town_officer):
    colleague = factories.user("town_officer", "仁风镇")
    officer = visitor(town_officer, phone=True).open("/monitoring/due/")
    page = officer.page
    kept_for_offline(page)
    write(page, officer.base, homes[0], "会话过期时写的")
    page.context.clear_cookies()
    submit(page)
    page.wait_for_selector("text=登录已过期，重新登录后上传")
    sign_in(officer, colleague)
    officer.open("/monitoring/due/")
    ready(page)
    assert page.locator("[data-waiting]").is_hidden() and recorded() == []
    sign_in(officer, town_officer)
    officer.open("/monitoring/due/")
    page.wait_for_selector("[data-waiting]", state="hidden")
    ready(page)
    assert recorded() == ["会话过期时写的"]
    with system_scope("测试"):
        assert Visit.objects.get().entered_by == town_officer


def test_a_full_store_says_so_and_the_visit_goes_up_all_the_same(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True)
    page = officer.page
    write(page, officer.base, homes[0], "存满了也要交上去")
    page.evaluate(FULL)
    page.set_input_files("[name=photos]", [photo()])
    page.wait_for_selector("[data-thumbs] li")
    page.wait_for_selector("text=本机存储已满，内容只在本页")
    officer.check()
    submit(page)
    page.wait_for_url(lambda url: "/receipt/" in url)
    with system_scope("测试"):
        assert Attachment.objects.count() == 1
    assert recorded() == ["存满了也要交上去"]


def test_two_tabs_do_not_overwrite_each_other(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True)
    write(officer.page, officer.base, homes[0], "第一页写的")
    second = officer.page.context.new_page()
    second.goto(officer.page.url)
    ready(second)
    assert "正在另一个页面填写" in second.locator("[data-note]").inner_text()
    assert second.input_value("[name=notes]") == ""
    second.fill("[name=notes]", "第二页写的")
    second.wait_for_selector("text=已存本机")
    notes = sorted(draft["fields"]["notes"] for draft in second.evaluate(STORED)["drafts"])
    assert notes == ["第一页写的", "第二页写的"]


def test_a_household_that_moved_away_keeps_the_draft_with_what_to_do(visitor, homes, town_officer, district_clerk):
    officer = visitor(town_officer, phone=True).open("/monitoring/due/")
    page = officer.page
    kept_for_offline(page)
    write(page, officer.base, homes[0], "迁走前写的")
    page.context.set_offline(True)
    submit(page)
    page.wait_for_selector("text=走访记录已存在本机")
    with acting_as(actor_for(district_clerk)):
        moves.move_household(
            household=homes[0], village=factories.village("曲堤街道"), by=district_clerk, reason="整户搬迁"
        )
    page.context.set_offline(False)
    officer.faults.clear()
    officer.open("/monitoring/offline/")
    page.wait_for_selector("text=已不在本人管辖范围")
    ready(page)
    shown = page.locator("[data-drafts]").inner_text()
    assert "迁走前写的" in shown and "由现在管辖的同志登记" in shown and "需要改正" in shown
    assert recorded() == []
    officer.faults = [fault for fault in officer.faults if "404" not in fault]
    officer.check()


def test_log_out_warns_of_what_has_not_gone_up_and_clears_the_kept_list(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True).open("/monitoring/due/")
    page = officer.page
    kept_for_offline(page)
    write(page, officer.base, homes[0], "还没交")
    officer.open("/monitoring/due/")
    page.wait_for_selector("[data-waiting]:has-text('待上传 1')")
    said, answers = [], iter((False, True))

    def answer(dialog) -> None:
        said.append(dialog.message)
        dialog.accept() if next(answers) else dialog.dismiss()

    page.on("dialog", answer)
    page.click(".who button")
    page.wait_for_timeout(200)
    assert page.url.endswith("/monitoring/due/") and len(page.evaluate(STORED)["kept"]) == 2
    page.click(".who button")
    page.wait_for_url(lambda url: "/accounts/login/" in url)
    assert len(said) == 2 and "还有 1 条走访没有上传" in said[0]
    stored = page.evaluate(STORED)
    assert stored["kept"] == [] and [draft["state"] for draft in stored["drafts"]] == ["editing"]


def test_what_is_no_photo_is_told_at_once_and_page_weight(visitor, homes, town_officer):
    officer = visitor(town_officer, phone=True)
    page = officer.page
    weight = weigh(officer, f"/monitoring/household/{homes[0].pk}/visit/", ready="[data-signature][data-ready]")
    assert weight.first <= 60 * KB and weight.later <= 12 * KB
    nonsense = {"name": "表格.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    page.set_input_files("[name=photos]", [nonsense])
    page.wait_for_selector("text=“表格.jpg”不是这个浏览器能读的照片")
    assert page.locator("[data-thumbs] li").count() == 0
    officer.check()
