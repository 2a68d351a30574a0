import json
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from jiyang.access.matrix import matrix
from jiyang.access.scope import system_scope
from jiyang.accounts.models import User
from jiyang.accounts.services import links


class Command(BaseCommand):
    help = """accounts first-admin [--role security_admin] [--base URL] [--json]: one-time links for the first administrators
    of an empty system (by default for both: the system administrator, and the security administrator who grants postings).
    accounts link USERNAME: a one-time link that sets a lost password."""

    def add_arguments(self, parser) -> None:
        parser.add_argument("action", choices=["first-admin", "link"])
        parser.add_argument("username", nargs="?")
        parser.add_argument("--role", choices=links.FIRST_ROLES)
        parser.add_argument("--base", default="", help="address of the site, such as https://example.gov.cn")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options) -> None:
        base = options["base"] or next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://127.0.0.1:8000")
        try:
            with system_scope("服务器控制台"):
                made = self.first(options["role"]) if options["action"] == "first-admin" else self.lost(options)
        except ValidationError as refused:
            raise CommandError("；".join(refused.messages)) from refused
        found = [
            {
                "for": matrix().roles[link.role].title if link.role else link.user.username,
                "role": link.role,
                "link": f"{base.rstrip('/')}{reverse('accounts:start', args=[token])}",
                "expires_at": timezone.localtime(link.expires_at).isoformat(timespec="seconds"),
            }
            for link, token in made
        ]
        if options["json"]:
            self.stdout.write(json.dumps({**found[0], "links": found}, ensure_ascii=False))
            return
        for one in found:
            self.stdout.write(f"{one['for']}：{one['link']}（{one['expires_at']} 前有效，只能用一次）")
        if len(found) > 1:
            self.stdout.write("两个链接交给两位同志：一人建账号、申请岗位，另一人核准岗位")

    @staticmethod
    def first(role: str | None) -> list:
        if role:
            return [links.first_link(role)]
        made = [links.first_link(links.FIRST_ROLES[0])]
        with suppress(links.AlreadyThere):
            made.append(links.first_link(links.FIRST_ROLES[1]))
        return made

    @staticmethod
    def lost(options: dict) -> list:
        user = User.objects.filter(username=options["username"] or "").first()
        if user is None:
            raise CommandError(f"没有账号 {options['username'] or '（未写账号）'}")
        return [links.password_link(user)]
