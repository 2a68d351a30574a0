"""How personal numbers look to a reader who has not stated a purpose (DOMAIN.md 14.1, UI.md section 6)."""


def mask_id(number: str) -> str:
    """First six and last four: 370125********3518."""
    return number if len(number) < 11 else f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def mask_phone(number: str) -> str:
    """138****6027."""
    return "*" * len(number) if len(number) < 7 else f"{number[:3]}****{number[-4:]}"
