"""变更记录核验: the state of the hash chain and of the log's retention; the auditor starts a verification."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView, View

from jiyang.audit import selectors, tasks


class ChainView(TemplateView):
    template_name = "audit/chain.html"

    def get_context_data(self, **kwargs) -> dict:
        return {
            **super().get_context_data(**kwargs), "title": "变更记录核验", "tables": selectors.sealed_tables(),
            "last": selectors.last_verification(), "retention": selectors.retention(),
            "may_verify": self.request.actor.has("log.verify"),
        }  # fmt: skip


class VerifyView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        transaction.on_commit(partial(tasks.verify_events.delay, request.user.pk))
        messages.info(request, "已开始核验，可以离开本页；结果写在这里和调阅日志里。")
        return redirect("audit:chain")
