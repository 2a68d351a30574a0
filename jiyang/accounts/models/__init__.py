from jiyang.accounts.models.link import EntryLink
from jiyang.accounts.models.posting import Posting, PostingRequest
from jiyang.accounts.models.session import SignIn
from jiyang.accounts.models.user import PasswordRecord, User

__all__ = ["EntryLink", "PasswordRecord", "Posting", "PostingRequest", "SignIn", "User"]
