"""Cities of the prefecture level: a place that names one of them alone does not reach a county. All other cities are counties."""

import re
from functools import cache
from pathlib import Path

PROVINCE = re.compile(
    "^(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆)(?=.)"
)


@cache
def prefectures() -> frozenset[str]:
    """Their names without 市."""
    return frozenset(Path(__file__).with_suffix(".txt").read_text("utf-8").split())


def is_county(city: str) -> bool:
    """Whether a city, named without 市 and perhaps behind a short name of its province, is one of the county level."""
    return not {city, PROVINCE.sub("", city)} & prefectures()
