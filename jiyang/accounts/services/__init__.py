"""What may happen to accounts, by theme; the two that others call stand here."""

from jiyang.accounts.services.postings import PostingRefused, appoint
from jiyang.accounts.services.users import change_password

__all__ = ["PostingRefused", "appoint", "change_password"]
