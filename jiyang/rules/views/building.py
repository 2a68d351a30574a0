"""Building a rule: rows and groups on one page, kept with every change; what it hits beside it; then to a second person."""

from functools import cached_property

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from django_htmx.http import reswap, retarget

from jiyang.ledgers.terms import is_key
from jiyang.ledgers.views import INVALID
from jiyang.rules import drafts, looking, services
from jiyang.rules.builder.checking import Checked, checked
from jiyang.rules.builder.choices import Choices, settled
from jiyang.rules.builder.nodes import Node, Path, TooLarge, changed, from_post, storable
from jiyang.rules.builder.showing import shape, shown
from jiyang.rules.facts import Facts
from jiyang.rules.fields import Subject, subjects
from jiyang.rules.forms import AboutForm, SubjectForm
from jiyang.rules.live import live
from jiyang.rules.models import RuleVersion
from jiyang.rules.outline import outline
from jiyang.rules.reading import MOST_LEAVES, RuleBroken
from jiyang.rules.sentence import Teller
from jiyang.rules.versions import rule_of, standing_version
from jiyang.ui.forms import put_errors


class NewRuleView(View):
    """What the new rule looks at: it decides which fields there are."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(SubjectForm(actor=request.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SubjectForm(request.POST, actor=request.actor)
        if form.is_valid():
            return redirect("rules:draft", drafts.begin(by=request.user, subject=form.cleaned_data["subject"]).pk)
        return self.page(form, INVALID)

    def page(self, form: SubjectForm, status: int = 200) -> HttpResponse:
        return render(self.request, "rules/new.html", {"form": form, "title": "新建规则"}, status=status)


class ChangeRuleView(View):
    """Begin, or go on with, the draft of a change; `number` says from which version."""

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        number = request.POST.get("number", "")
        try:
            draft = drafts.begin_change(by=request.user, code=code, number=int(number) if is_key(number) else None)
        except ValidationError as refused:
            messages.warning(request, "；".join(refused.messages), extra_tags="warn")
            return redirect("rules:rule_list")
        return redirect("rules:draft", draft.pk)


class OwnDraftView(View):
    """Base: a draft of the signed-in user, and what is typed on its page."""

    @cached_property
    def draft(self):
        return get_object_or_404(drafts.drafts_of(self.request.user), pk=self.kwargs["pk"])

    @cached_property
    def lists(self) -> Choices:
        return Choices(live().source())

    @property
    def subject(self) -> Subject:
        """404 where the system no longer knows what the draft looked at."""
        if (found := subjects().get(self.draft.subject)) is None:
            raise Http404(f"没有这种对象“{self.draft.subject}”")
        return found

    not_kept = ""  # why the conditions of this request were left out; those of the draft stay

    def take(self) -> Path | None:
        """Keep what was sent, after what the pressed button asks; the place to look at next. What was not sent stays."""
        draft, sent = self.draft, self.request.POST
        do, looked_at = sent.get("do", ""), None
        root = self.sent_root()
        if root is None:
            root = drafts.root_of(draft)
        else:
            settled(root, self.subject)
            looked_at = changed(root, do) if do else None
        kept = drafts.about_of(draft)
        drafts.keep(draft, {name: storable(sent.get(name, kept.get(name, ""))) for name in AboutForm.field_order}, root)
        act, _, number = do.partition(":")
        if act == "rebase" and is_key(number):
            drafts.rebase(draft, int(number))
        return looked_at

    def sent_root(self) -> Node | None:
        try:
            root = from_post(self.request.POST)
        except TooLarge:
            self.not_kept = f"条件太多，一条规则最多 {MOST_LEAVES} 个比较。这次的改动没有存进草稿，请删去一些"
            return None
        if root is None:
            self.not_kept = "这次没有收到条件，草稿里的条件没有改动。请刷新本页再试"
        return root

    def checked(self) -> Checked:
        return checked(drafts.root_of(self.draft), self.subject, self.lists.parameters)

    def rule(self, tree):
        return rule_of(drafts.version_of_draft(self.draft, tree))

    def preview(self, found: Checked) -> dict:
        """What the right side of the page shows."""
        context = {
            "draft": self.draft,
            "subject": self.subject,
            "lacking": len(found.problems),
            "saved_at": self.draft.changed_at,
            "not_kept": self.not_kept,
        }
        if found.raw is None:
            return context
        rule = self.rule(found.raw)
        return context | {
            "lines": outline(rule.when, Teller(Facts(timezone.localdate()))), "found": looking.look(rule, self.request.actor),
        }  # fmt: skip

    def rows(self, found: Checked, looked_at: Path | None = None, *, strict: bool = False) -> dict:
        """The rows and groups. What is only not yet filled in is told when everything is asked for (`strict`)."""
        told = {path: text for path, text in found.problems.items() if strict or path not in found.unfinished}
        return {
            "root": shown(drafts.root_of(self.draft), self.subject, self.lists, told, looked_at),
            "draft": self.draft,
        }

    def only_preview(self, found: Checked) -> HttpResponse:
        """The preview, and each row's problem in its place; the rows themselves stay as they are in the browser."""
        problems = [
            ("-".join(["n", *map(str, path)]), "" if path in found.unfinished else found.problems.get(path, ""))
            for path, _ in drafts.root_of(self.draft).walk()
        ]
        return render(self.request, "rules/_preview_and_problems.html", self.preview(found) | {"problems": problems})

    def page(self, form: AboutForm, found: Checked, *, strict: bool = False, status: int = 200) -> HttpResponse:
        draft = self.draft
        context = {
            "title": f"修改规则 {draft.code}" if draft.code else "新建规则", "form": form, "strict": strict, **self.rows(found, strict=strict),
            **self.preview(found), "standing": standing_version(draft.code) if draft.code else None,
            "overtaken": RuleVersion.objects.overtaking(draft.code, draft.based_on),
        }  # fmt: skip
        return render(self.request, "rules/build.html", context, status=status)

    def form(self, *, bound: bool = False) -> AboutForm:
        about, url = drafts.about_of(self.draft), reverse("rules:draft_preview", args=[self.draft.pk])
        given = {"data": about} if bound else {"initial": about}
        return AboutForm(**given, keep_url=url, actor=self.request.actor)


class DraftView(OwnDraftView):
    """The page; POST is a button that adds, removes or re-chooses something, and keeps the draft.

    A choice that leaves the inputs as they are is answered with the preview alone: what is being typed meanwhile stays.
    """

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.form(), self.checked())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        before = self.shape()
        looked_at = self.take()
        if not request.htmx:
            if self.not_kept:
                messages.warning(request, self.not_kept, extra_tags="warn")
            return redirect("rules:draft", pk)
        found = self.checked()
        if looked_at is None and self.shape() == before:
            return retarget(reswap(self.only_preview(found), "outerHTML"), "#preview")
        return render(request, "rules/_rows_and_preview.html", self.rows(found, looked_at) | self.preview(found))

    def shape(self) -> tuple:
        return shape(shown(drafts.root_of(self.draft), self.subject, self.lists, {}))


class DraftPreviewView(OwnDraftView):
    """A value was typed: keep it, tell each row its problem, count again."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.take()
        return self.only_preview(self.checked()) if request.htmx else redirect("rules:draft", pk)


class DraftSimulationView(OwnDraftView):
    """The draft over the standing data against the version in force."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.take()
        found = self.checked()
        if found.raw is None:
            context = {"problem": f"还有 {len(found.problems)} 处没填好，填好后再模拟"}
        else:
            context = {
                "compared": looking.compare(self.standing(), self.rule(found.raw), request.actor),
                "subject": self.subject,
            }
        context |= {"title": "模拟", "draft": self.draft}
        return render(request, "rules/_compared.html" if request.htmx else "rules/draft_simulation.html", context)

    def standing(self):
        version = standing_version(self.draft.code) if self.draft.code else None
        try:
            return rule_of(version) if version else None
        except RuleBroken:
            return None


class DraftSubmitView(OwnDraftView):
    """Everything is asked for now; what is in order becomes a version that waits for a second person."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.take()
        form, found, draft = self.form(bound=True), self.checked(), self.draft
        if self.not_kept:
            form.add_error(None, self.not_kept)
        if not form.is_valid() or found.raw is None:
            return self.page(form, found, strict=True, status=INVALID)
        try:
            version = services.submit(
                code=draft.code, subject=draft.subject, tree=found.raw, based_on=draft.based_on, by=request.user, **form.cleaned_data
            )  # fmt: skip
        except ValidationError as refused:
            put_errors(form, refused)
            return self.page(form, found, strict=True, status=INVALID)
        drafts.drop(draft)
        return redirect("rules:version_detail", version.pk)


class DraftDropView(OwnDraftView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        drafts.drop(self.draft)
        return redirect("rules:rule_list")
