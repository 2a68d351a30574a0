"""Error pages with a way on, and the receiver of CSP reports."""

import json
import logging

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from jiyang.api.errors import is_api, problem
from jiyang.ui.outage import stands_still

logger = logging.getLogger("jiyang.csp")
LARGEST_REPORT, LONGEST_TOLD = 8192, 300


CODES = {400: "bad_request", 403: "permission_denied", 404: "not_found", 500: "server_error"}


def page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """The page of a failure; the same as JSON below the API's address."""
    if is_api(request):
        return problem(status, CODES[status], text)
    return render(request, "ui/error.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TooManyFieldsSent | RequestDataTooBig):
        return page(request, 400, "一次提交的内容太多", "这次没有保存，以前保存的没有改动。请返回上一页，分几次提交。")
    if isinstance(exception, BadRequest) and not str(exception).isascii():  # in our own words
        return page(request, 400, "请求不能接受", f"{exception}。这次没有保存，请返回上一页，改正后再试。")
    return page(request, 400, "请求内容不完整", "服务器没有看懂这次提交。请返回上一页，核对后再试。")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = str(exception) if exception and str(exception) else "本岗位没有这项权限。需要时请联系区级系统管理员。"
    return page(request, 403, "没有权限", text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, 404, "没有找到", "这个页面或记录不存在，或不在本人管辖范围内。")


def server_error(request: HttpRequest) -> HttpResponse:
    if stands_still(request):  # a page with its reader's name would ask what has just failed; the outage has its own
        return HttpResponse(status=500)
    return page(
        request, 500, "系统出了问题", "这次操作没有完成，数据没有改动。请稍后再试；仍然不行请联系区级系统管理员。"
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(
        request, 403, "页面已过期", "页面停留太久或已在别处退出登录。请返回上一页刷新后再提交，填写的内容不会丢失。"
    )


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log a browser's report of refused content; at most 8 KB of it."""
    try:
        report = json.loads(request.body[:LARGEST_REPORT])["csp-report"]
        told = [str(report.get(name))[:LONGEST_TOLD] for name in ("violated-directive", "blocked-uri")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    logger.warning("csp violation: %r blocked %r", *told)  # quoted: anybody may send one, nobody may forge a log line
    return HttpResponse(status=204)
