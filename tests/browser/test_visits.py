"""Visits on a phone, with and without network: nothing typed is lost, nothing arrives twice (UI.md section 8)."""

import datetime as dt
import io
import re

import pytest
from django.utils import timezone
from PIL import Image

from jiyang.access.scope import system_scope
from jiyang.documents.models import Attachment
from monitoring.models import Visit
from tests import factories

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
