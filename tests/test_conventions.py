"""Rules that nobody has to remember: how code reads scoped rows, how models are named, what the README lists."""

import re
import subprocess

from django.apps import apps
from django.conf import settings

from jiyang.access.tables import is_event

OURS = [config for config in apps.get_app_configs() if "site-packages" not in config.path]
FREE = {"Region", "RegionName", "RegionCode", "Parameter", "ParameterChange", "RuleVersion", "User", "Posting"}


def tracked(*patterns: str) -> list:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], capture_output=True, text=True, check=True, cwd=settings.BASE_DIR)  # fmt: skip
    return [
        settings.BASE_DIR / name for name in listed.stdout.split("\n") if name and (settings.BASE_DIR / name).exists()
    ]


def test_views_and_figures_read_scoped_rows_through_the_actor():
    """`.objects` of a scoped model in a view needs `visible_to`; in a figure it may only stand in a correlated subquery."""
    bare = []
    for path in tracked("*/views.py", "*/views/*.py", "*/api.py", "*/figures.py", "*/roster/preview.py"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for model, rest in re.findall(r"(\w+)\.objects\.(.*)", line):
                if model not in FREE and not rest.startswith("visible_to(") and "OuterRef" not in rest:
                    bare.append(f"{path.relative_to(settings.BASE_DIR)}:{number} {line.strip()}")
    assert bare == []


def test_every_model_and_field_has_its_chinese_name():
    unnamed = []
    for config in OURS:
        for model in config.get_models():
            if is_event(model):
                continue
            names = [str(model._meta.verbose_name)] + [str(field.verbose_name) for field in model._meta.concrete_fields]
            unnamed += [
                f"{model._meta.label}: {name}"
                for name in names
                if not re.search(r"[\u4e00-\u9fff]", name) and name not in {"ID", "last login"}
            ]
    assert unnamed == []


def test_every_management_command_is_in_the_readme():
    readme = (settings.BASE_DIR / "README.md").read_text("utf-8")
    names = {
        path.stem
        for config in OURS
        for path in settings.BASE_DIR.glob(f"{config.name.replace('.', '/')}/management/commands/[a-z]*.py")
    }
    assert {name for name in names if name not in readme} <= {"demo", "prepare", "bench"}
