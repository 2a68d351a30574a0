"""A browser's identification in words: what a person recognises as their own device."""

import re

# order matters: every later name also stands in the identification of an earlier one
BROWSERS = (
    ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("Edg", "Edge"), ("QQBrowser", "QQ浏览器"), ("HuaweiBrowser", "华为浏览器"),
    ("MiuiBrowser", "小米浏览器"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("OpenHarmony|HarmonyOS", "鸿蒙手机"), ("Android", "安卓手机"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows电脑"),
    ("Macintosh", "苹果电脑"), ("Linux", "Linux电脑"),
)  # fmt: skip


def device_of(agent: str) -> str:
    """`Windows电脑，Chrome 86`; 未知设备 for what is not a browser."""
    system = next((name for pattern, name in SYSTEMS if re.search(pattern, agent)), "")
    for mark, name in BROWSERS:
        if found := re.search(rf"{mark}\w*/(\d+)", agent):
            version = "" if mark == "Safari" else f" {found[1]}"
            return f"{system}，{name}{version}" if system else f"{name}{version}"
    return system or "未知设备"
