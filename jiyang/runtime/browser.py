"""A headless Chromium and Chinese fonts out of npm packages: no root, nothing installed on the system (STACK.md 12)."""

import io
import os
import platform
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import brotli

from jiyang.runtime.environment import ROOT

FLAGS = [
    "--headless=shell", "--no-sandbox", "--no-zygote", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 on
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir>
<alias><family>sans-serif</family><prefer><family>Noto Sans SC</family></prefer></alias></fontconfig>"""


class NoBrowser(RuntimeError):
    """There is no Chromium for this machine; the message names what to install."""


@dataclass(frozen=True)
class Browser:
    """What Playwright's `launch` needs."""

    executable: str
    env: dict[str, str]
    flags: list[str]


def cache_folder() -> Path:
    return Path(os.environ.get("JIYANG_BROWSER_CACHE") or ROOT / ".cache" / "browser")


def prepare() -> Browser:
    """Unpack once and return the browser. Raises NoBrowser."""
    package = ROOT / "node_modules" / "@sparticuz" / "chromium"
    if platform.machine() != "x86_64" or not package.exists():
        found = shutil.which("chromium") or shutil.which("google-chrome")
        if not found:
            raise NoBrowser("本机没有 Chromium。Debian/Ubuntu：apt-get install chromium")
        return Browser(found, dict(os.environ), FLAGS)
    version = (package / "package.json").stat().st_mtime_ns
    folder = cache_folder() / str(version)
    if not (folder / "ready").exists():
        _unpack(package / "bin", folder)
    env = {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_PATH": str(folder),
        "HOME": str(folder),
    }
    return Browser(str(folder / "chromium"), env, FLAGS)


def _unpack(source: Path, folder: Path) -> None:
    building = folder.with_name(f"{folder.name}.{os.getpid()}")
    building.mkdir(parents=True)
    (building / "chromium").write_bytes(brotli.decompress((source / "chromium.br").read_bytes()))
    (building / "chromium").chmod(0o755)
    for name in ("al2023", "swiftshader"):
        archive = source / f"{name}.tar.br"
        if archive.exists():
            target = building / (name if name == "al2023" else ".")
            with tarfile.open(fileobj=io.BytesIO(brotli.decompress(archive.read_bytes()))) as tar:
                tar.extractall(target, **SAFELY)
    fonts = building / "fonts"
    fonts.mkdir()
    for file in (ROOT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc").glob("*/*.ttf"):
        if "400Regular" in file.name or "700Bold" in file.name:
            shutil.copy(file, fonts)
    (building / "fonts.conf").write_text(FONTS.format(fonts=folder / "fonts", cache=folder / "fontcache"))
    (building / "ready").touch()
    try:
        building.rename(folder)
    except OSError:  # another worker was first
        shutil.rmtree(building)
