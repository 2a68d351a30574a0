"""待办 of administrators: postings to grant, postings that end soon."""

from django.urls import reverse
from django.utils import timezone

from jiyang.accounts.filters import ending_days
from jiyang.accounts.models import Posting, PostingRequest
from jiyang.workflow.proposals import waiting_for
from jiyang.workflow.tasks import TaskLine, TaskSource, task_source


def requests(actor):
    rows = PostingRequest.objects.select_related("user", "region", "submitted_by").exclude(user=actor.user)
    return waiting_for(rows, actor)


def request_line(row: PostingRequest) -> TaskLine:
    return TaskLine(
        f"{row.user.name}：{row.role_title}（{row.place}）", reverse("accounts:postingrequest_detail", args=[row.pk]),
        row.get_kind_display(), row.submitted_at.date(), None, row.submitted_by.name,
    )  # fmt: skip


def ending(actor):
    rows = Posting.objects.ending(timezone.localdate(), ending_days()).filter(deputy_for=None, user__is_active=True)
    return rows.select_related("user", "region").order_by("until", "pk")


def ending_line(row: Posting) -> TaskLine:
    return TaskLine(
        f"{row.user.name}：{row.role_title}", reverse("accounts:user_detail", args=[row.user_id]), row.place, row.since, row.last_day
    )  # fmt: skip


def all_ending() -> str:
    return f"{reverse('accounts:posting_list')}?state=ending"


task_source(TaskSource("accounts.request", "岗位待核准", "accounts:request_decide", requests, request_line))
task_source(
    TaskSource("accounts.ending", "岗位将到期", "accounts:posting_prolong", ending, ending_line, url=all_ending)
)
