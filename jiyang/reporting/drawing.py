"""What the dashboard draws as SVG on the server: it needs no script, prints, and every mark is a link (UI.md section 1)."""

import json
from functools import cache
from math import cos, radians
from pathlib import Path

from jiyang.parameters import values
from jiyang.regions.models import Region

MAPS = Path(__file__).parents[1] / "regions" / "data"
WIDTH, HEIGHT, MARGIN = 400, 340, 24
LETTER, LINE = 12, 15  # room that a letter and a line of a town's name take
CHART_WIDTH, CHART_HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 34, 64, 12, 34
DASHES = ("", "6 4", "2 3")
SERIES = ("#8e2a1e", "#0b5f73", "#5f6e6a")


@cache
def outline_of(code: str) -> dict | None:
    """The schematic outline and town seats of a district (regions/data/map_<code>.json), None where none is known."""
    path = MAPS / f"map_{code[:6]}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _projection(points: list[list[float]]):
    """Degrees to the picture's units, north up, the same scale both ways."""
    lngs, lats = [lng for lng, _ in points], [lat for _, lat in points]
    squeeze = cos(radians(sum(lats) / len(lats)))
    wide, high = (max(lngs) - min(lngs)) * squeeze, max(lats) - min(lats)
    scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    left, top = (WIDTH - wide * scale) / 2, (HEIGHT - high * scale) / 2

    def place(lng: float, lat: float) -> tuple[float, float]:
        return left + (lng - min(lngs)) * squeeze * scale, top + (max(lats) - lat) * scale

    return place


def district_map(home: Region, areas: list[Region], counts: dict[int, int], lamps: dict[int, int]) -> dict | None:
    """The outline as a path and one marker per town: size by count; shape and colour by its lamp. None without outline."""
    known = outline_of(home.code)
    if known is None:
        return None
    place = _projection(known["outline"])
    seats = {town["code"]: (town["lng"], town["lat"]) for town in known["towns"]}
    limit = int(values.get("dashboard.overdue.bad").value)
    most = max(counts.values(), default=0) or 1
    marks = []
    for area in areas:
        seat = seats.get(area.code[:9])
        if seat is None:
            continue
        x, y = place(*seat)
        lamp = "bad" if lamps[area.pk] >= limit else "warn" if lamps[area.pk] else "ok"
        size = 9 + 7 * (counts[area.pk] / most) ** 0.5
        marks.append({"area": area, "value": counts[area.pk], "lamp": lamp, "late": lamps[area.pk], "at": (x, y, size)})
    taken = [_box(x, y, size, size) for x, y, size in (mark["at"] for mark in marks)]
    for mark in marks:
        mark |= _placed(*mark["at"], len(mark["area"].short_name), taken)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(lng, lat) for lng, lat in known["outline"]))
    return {"outline": path, "marks": marks, "width": WIDTH, "height": HEIGHT, "limit": limit}


def _box(x: float, y: float, across: float, up: float) -> tuple[float, float, float, float]:
    return x - across, y - up, x + across, y + up


def _meet(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _placed(x: float, y: float, size: float, letters: int, taken: list[tuple]) -> dict:
    """Coordinates of a marker and of its name: beside, above or below it, where no marker or name stands yet.

    `taken` are the boxes drawn so far; the name's is added.
    """
    half, near = letters * LETTER / 2, size + 4
    places = [
        (x + near, y, "start", x + near + half), (x - near, y, "end", x - near - half),
        (x, y + near + LINE / 2, "middle", x), (x, y - near - LINE / 2, "middle", x),
    ]  # fmt: skip
    boxes = [(_box(middle, at_y, half, LINE / 2), name_x, at_y, anchor) for name_x, at_y, anchor, middle in places]
    inside = [one for one in boxes if one[0][0] >= 0 and one[0][2] <= WIDTH]
    box, name_x, name_y, anchor = next(
        (one for one in inside if not any(_meet(one[0], other) for other in taken)), inside[0]
    )
    taken.append(box)
    return {
        "x": f"{x:.1f}", "y": f"{y:.1f}", "r": f"{size:.1f}", "left": f"{x - size:.1f}", "top": f"{y - size:.1f}",
        "side": f"{2 * size:.1f}", "in_y": f"{y + 4:.1f}", "text_x": f"{name_x:.1f}", "text_y": f"{name_y + 4:.1f}", "anchor": anchor,
    }  # fmt: skip


def line_chart(lines: list[dict]) -> dict:
    """Polylines of `lines` [{title, points: [{month, value, url}]}] with axis marks; told apart by dash, marker and label."""
    top = _round_up(max((point["value"] for line in lines for point in line["points"]), default=0))
    number = max(len(lines[0]["points"]) - 1, 1) if lines else 1
    step = (CHART_WIDTH - LEFT - RIGHT) / number

    def at(place: int, value: int) -> tuple[float, float]:
        return LEFT + place * step, TOP + (CHART_HEIGHT - TOP - BOTTOM) * (1 - value / top)

    drawn, ends = [], []
    for index, line in enumerate(lines):
        dots = [
            {"x": f"{x:.1f}", "y": f"{y:.1f}", "left": f"{x - 3.5:.1f}", "top": f"{y - 3.5:.1f}", **point}
            for (x, y), point in ((at(place, point["value"]), point) for place, point in enumerate(line["points"]))
        ]
        end = float(dots[-1]["y"]) + 4
        while any(abs(end - other) < 14 for other in ends):
            end += 14
        ends.append(end)
        drawn.append(
            {
                "title": line["title"],
                "unit": line["unit"],
                "path": " ".join(f"{dot['x']},{dot['y']}" for dot in dots),
                "dots": dots,
                "colour": SERIES[index % len(SERIES)],
                "dash": DASHES[index % len(DASHES)],
                "square": index % 2 == 1,
                "label_x": f"{float(dots[-1]['x']) + 8:.1f}",
                "label_y": f"{end:.1f}",
            }
        )
    grid = [
        {"y": f"{at(0, value)[1]:.1f}", "text_y": f"{at(0, value)[1] + 4:.1f}", "value": value} for value in _steps(top)
    ]
    months = [
        {
            "x": f"{at(place, 0)[0]:.1f}",
            "label": f"{point['month'].month:02d}",
            "year": point["month"].year if place == 0 or point["month"].month == 1 else "",
        }
        for place, point in enumerate(lines[0]["points"] if lines else [])
    ]
    return {
        "lines": drawn, "grid": grid, "months": months, "width": CHART_WIDTH, "height": CHART_HEIGHT,
        "left": LEFT, "right": CHART_WIDTH - RIGHT, "month_y": CHART_HEIGHT - 18, "year_y": CHART_HEIGHT - 4,
    }  # fmt: skip


def _round_up(value: int) -> int:
    """The top of an axis: the next round number, at least 4."""
    unit = 10 ** max(len(str(value)) - 1, 0)
    return max(4, -(-value // unit) * unit)


def _steps(top: int) -> list[int]:
    """Four or five whole marks from 0 to `top`."""
    step = max(1, top // 4)
    return list(range(0, top + 1, step))
