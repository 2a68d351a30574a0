"""Static files: an allow-list out of node_modules, and storage that hashes and compresses (UI.md section 2)."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

VENDOR = {
    "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
    "vendor/idb.js": "idb/build/index.js",
    "vendor/echarts.js": "echarts/dist/echarts.common.min.js",
    "vendor/tom-select.js": "tom-select/dist/js/tom-select.base.min.js",
    "vendor/tom-select.css": "tom-select/dist/css/tom-select.min.css",
    "vendor/signature_pad.js": "signature_pad/dist/signature_pad.min.js",
}


def modules() -> Path:
    return settings.BASE_DIR / "node_modules"


class VendorFinder(BaseFinder):
    """Publishes the files of VENDOR and nothing else of node_modules."""

    storage = FileSystemStorage()

    def find(self, path: str, find_all: bool = False, **kwargs) -> list[str] | str:
        source = modules() / VENDOR[path] if path in VENDOR else None
        found = str(source) if source and source.exists() else ""
        return [found] if find_all and found else found or []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, FileSystemStorage]]:
        for name, source in VENDOR.items():
            yield name, _Renamed(name, modules() / source)


class _Renamed(FileSystemStorage):
    """A storage of one file under the name it is published as."""

    def __init__(self, name: str, source: Path):
        super().__init__(location=source.parent)
        self.published, self.source = name, source
        self.prefix = ""

    def path(self, name: str) -> str:
        return str(self.source)


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Hashes names in url() of styles and in imports of our own modules; third-party scripts are left as they are."""

    patterns = (
        ("*.css", (r"""(?P<matched>url\(['"]{0,1}\s*(?P<url>.*?)["']{0,1}\))""",)),
        (
            "js/*.js",
            (
                (r"""(?P<matched>import\s*["'](?P<url>[./].*?)["'])""", """import "%(url)s\""""),
                (r"""(?P<matched>from\s*["'](?P<url>[./].*?)["'])""", """from "%(url)s\""""),
                (r"""(?P<matched>import\(["'](?P<url>.*?)["']\))""", """import("%(url)s")"""),
            ),
        ),
    )
