"""Which columns of a sheet are hidden: looked up only where a visible column and another would mean the same."""

import io
import re
import zipfile
from xml.etree import ElementTree

HEAD = 1 << 18  # bytes of a sheet's part within which its columns are described
COLUMN = re.compile(rb"<(?:\w+:)?col\s([^<>]*)>")
ATTRIBUTE = re.compile(rb"""(\w+)\s*=\s*["'](\w*)["']""")


def columns(data: bytes, sheet: str) -> frozenset[int]:
    """Hidden columns (from 0) of a sheet of a workbook that was looked through (`packages.inspect`); none for other files."""
    if not data.startswith(b"PK"):
        return frozenset()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
        part = names.get(_part(archive, names, sheet), "")
        if not part:
            return frozenset()
        with archive.open(part) as opened:
            head = opened.read(HEAD).partition(b"sheetData")[0]
    found: set[int] = set()
    for inner in COLUMN.findall(head):
        told = dict(ATTRIBUTE.findall(inner))
        if told.get(b"hidden") in {b"1", b"true"} or told.get(b"width") == b"0":
            found |= set(range(int(told[b"min"]) - 1, min(int(told[b"max"]), 1000)))
    return frozenset(found)


def _part(archive: zipfile.ZipFile, names: dict[str, str], sheet: str) -> str:
    """The part that holds a sheet, by the workbook's list and its links."""
    links, book = (
        ElementTree.fromstring(archive.read(names[name])) if name in names else ElementTree.Element("none")
        for name in ("xl/_rels/workbook.xml.rels", "xl/workbook.xml")
    )
    targets = {one.get("Id"): one.get("Target", "").lstrip("/") for one in links}
    for one in book.iterfind(".//{*}sheet"):
        if one.get("name") == sheet:
            link = next((value for name, value in one.attrib.items() if name.endswith("}id")), None)
            target = targets.get(link, "")
            return (target if target.startswith("xl/") else f"xl/{target}").lower()
    return ""
