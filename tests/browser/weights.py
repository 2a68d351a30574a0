"""What a page weighs over the network, each answer compressed as in production (UI.md section 9)."""

import gzip
from dataclasses import dataclass

KB = 1024
CHARTS = ("echarts",)  # what a page fetches only after it is usable
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 500_000 / 8, "uploadThroughput": 500_000 / 8}


@dataclass(frozen=True)
class Weight:
    """Bytes: of a first visit before charts, of the charts, and of a later visit (nothing out of a cache)."""

    first: int
    charts: int
    later: int


def weigh(watched, path: str, *, ready: str = "") -> Weight:
    """Open a page twice on a slow phone line. `ready` is a selector to wait for."""
    page = watched.page
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    addresses, cached, answers = {}, set(), []
    line.on("Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]}))
    line.on("Network.requestServedFromCache", lambda event: cached.add(addresses.get(event["requestId"])))
    line.on("Network.responseReceived", lambda event: _note(event["response"], cached))

    def kept(answer) -> None:
        answers.append(answer)

    page.on("response", kept)
    visits = []
    for _ in range(2):
        answers.clear()
        cached.clear()
        watched.open(path)
        if ready:
            page.wait_for_selector(ready, state="attached")
        page.wait_for_load_state("networkidle")
        visits.append([(one, len(gzip.compress(one.body()))) for one in answers if one.ok])
    page.remove_listener("response", kept)
    line.detach()
    first, later = visits
    charts = sum(size for one, size in first if any(name in one.url for name in CHARTS))
    fetched = [size for one, size in later if one.request.resource_type == "document" or one.url not in cached]
    return Weight(sum(size for _, size in first) - charts, charts, sum(fetched))


def _note(response: dict, cached: set) -> None:
    if response.get("fromDiskCache") or response.get("fromServiceWorker"):
        cached.add(response["url"])
