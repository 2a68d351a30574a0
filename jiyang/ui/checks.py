"""System check: every published vendor file is there."""

from django.core.checks import CheckMessage, Error, Tags, register

from jiyang.ui.assets import VENDOR, modules


@register(Tags.staticfiles)
def vendor_files(app_configs, **kwargs) -> list[CheckMessage]:
    missing = [source for source in VENDOR.values() if not (modules() / source).exists()]
    if not missing:
        return []
    return [
        Error(
            f"browser assets are missing: {', '.join(missing)}",
            hint="run ./run or ./test once: it installs them",
            id="ui.E001",
        )
    ]
