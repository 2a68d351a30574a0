"""Invented values with which the kit page shows the components."""


def samples() -> dict:
    return {}
