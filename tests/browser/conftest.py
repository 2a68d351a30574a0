"""A real Chromium against the live site with a real Celery worker; every page is watched."""

import threading

import pytest
from celery.contrib.testing.worker import start_worker
from playwright.sync_api import sync_playwright

from jiyang.celery import app
from jiyang.runtime.browser import ROOT, prepare
from tests import factories

OFFICE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def chromium():
    browser = prepare()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=browser.executable, env=browser.env, args=browser.flags, headless=True
        )
        yield running
        running.close()


@pytest.fixture
def worker(transactional_db):
    """A Celery worker in a thread of this process, on the real broker and the test database."""
    app.conf.update(worker_hijack_root_logger=False)
    with start_worker(app, perform_ping_check=False, pool="solo", loglevel="ERROR", shutdown_timeout=20):
        yield


class Watched:
    """A page that collects what must not happen: console errors, page errors, CSP violations, sideways scroll."""

    def __init__(self, page, base: str):
        self.page, self.base, self.faults, self.addresses = page, base, [], []
        page.on(
            "console",
            lambda message: self.faults.append(f"console: {message.text}") if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.faults.append(f"page: {error}"))
        page.on("request", lambda request: self.addresses.append(request.url))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('csp ' + e.violatedDirective + ' ' + e.blockedURI))"
        )

    def open(self, path: str) -> "Watched":
        self.page.goto(self.base + path)
        return self

    def log_in(self, user) -> "Watched":
        self.open("/accounts/login/")
        self.page.fill("[name=username]", user.username)
        self.page.fill("[name=password]", factories.PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)
        return self

    def check(self) -> None:
        """Accessibility (axe, levels A and AA), no fault so far, no sideways scroll of the page."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function("!document.querySelector('.htmx-request')")
        # not innerWidth: on a phone it grows with what is too wide
        width = [self.page.evaluate("document.documentElement.scrollWidth"), self.page.viewport_size["width"]]
        assert width[0] <= width[1], f"{self.page.url} scrolls sideways"
        # at the end of the page the bar of actions stands in its own place: on the way it half covers what is scrolled past
        self.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        self.page.evaluate(AXE)
        found = self.page.evaluate(
            "levels => axe.run(document, {runOnly: levels, resultTypes: ['violations']}).then(r => r.violations)",
            LEVELS,
        )
        problems = [
            f"{one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}" for one in found
        ]
        assert problems == [], self.page.url
        assert self.faults == [], self.page.url


@pytest.fixture
def visitor(chromium, live_server):
    """`visitor(user, phone=False)` → a watched page of a signed-in user in a browser context of its own."""
    contexts = []

    def make(user, *, phone: bool = False) -> Watched:
        context = chromium.new_context(
            viewport=PHONE if phone else OFFICE, locale="zh-CN", has_touch=phone, is_mobile=phone
        )
        contexts.append(context)
        return Watched(context.new_page(), live_server.url).log_in(user)

    yield make
    for context in contexts:
        context.close()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPool"):
            thread.join(1)
