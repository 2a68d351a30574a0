"""One lead: the sentence with its values, the rule's text and source, what may be done."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from households.checkup import register
from jiyang.access.scope import Actor
from jiyang.ledgers.views import LedgerDetailView
from jiyang.rules.catalogue import Rule
from jiyang.rules.groups import may_read
from jiyang.rules.live import Named
from jiyang.rules.versions import active
from monitoring.models import RuleHit, RuleMute
from monitoring.models.hit import LOWER, OPEN
from monitoring.services.hits import last_seen
from monitoring.services.leads import may_unmute

OF_HOUSEHOLD = ("户主", "人员")  # what a village has none of
TOLD = ("依据", "问题", "规则", "参数")  # what the page says by itself


class HitDetailView(LedgerDetailView):
    def get_context_data(self, **kwargs) -> dict:
        hit, actor, today = self.get_object(), self.actor, timezone.localdate()
        open_now = hit.state in OPEN and hit.gone_on is None
        muted = RuleMute.objects.visible_to(actor).of(hit)
        may = {act: open_now and actor.may_open(f"monitoring:hit_{act}") for act in ("decide", "mute")}
        mutes = list(muted.select_related("entered_by", "ended_by").order_by("-pk"))
        standing = next((one for one in mutes if one.until > today), None)
        may["unmute"] = standing is not None and may_unmute(standing, actor) and actor.may_open("monitoring:hit_unmute")
        tier = suggested(hit)
        prefilled = urlencode({"tier": tier, "reason": hit.title})
        tier_url = f"{reverse('households:tier_set', args=[hit.household_id])}?{prefilled}" if tier else ""
        context = super().get_context_data(**kwargs)
        told = TOLD if hit.household_id else (*TOLD, *OF_HOUSEHOLD)
        rule = next((one for one in active(today) if one.code == hit.code), None)
        record = about(hit, rule, actor)
        return {
            **context,
            "facts": [fact for fact in context["facts"] if fact["label"] not in told],
            "rule": rule,
            "about": record,
            "told": hit.told,
            "values": compared(hit, actor, record),
            "lowers": hit.code.startswith(LOWER),
            "rule_url": reverse("rules:rule_detail", args=[hit.code])
            if rule and actor.may_open("rules:rule_detail")
            else "",
            "may": may,
            "muted": standing,
            "mutes": mutes,
            "last_seen": last_seen(hit),
            "tier": tier,
            "tier_url": tier_url if tier and open_now and actor.may_open("households:tier_set") else "",
        }


def compared(hit: RuleHit, actor: Actor, record: Named | None = None) -> list[dict]:
    """The values of the hit side by side, without those of fields that the actor may not see: label, url, unit, first, last, changed.

    `url`: the page on which the value stands; `record`'s for those of neither the household nor the person.
    """
    pages = pages_of(hit, actor, record)
    first, last = (
        {(one["field"], one["title"]): one for one in values or ()} for values in (hit.first_values, hit.last_values)
    )
    found = []
    for key in dict.fromkeys([*first, *last]):
        one = last.get(key) or first[key]
        if may_read(actor, one["reads"]):
            then, now = (values[key]["value"] if key in values else "" for values in (first, last))
            found.append(
                {
                    "label": one["title"],
                    "url": pages.get(one["field"].partition(".")[0], record.url if record else ""),
                    "unit": one["unit"],
                    "first": then,
                    "last": now,
                    "changed": bool(first) and then != now,
                }
            )
    return found


def pages_of(hit: RuleHit, actor: Actor, record: Named | None) -> dict[str, str]:
    """Where the actor finds the values of a subject of the rules, and parameters; empty: nowhere."""
    views = {
        "household": ("households:household_detail", hit.household_id), "person": ("households:person_detail", hit.person_id),
        "param": ("parameters:parameter_list", None),
    }  # fmt: skip
    return {
        key: reverse(view, args=[pk] if pk else []) if (pk or key == "param") and actor.may_open(view) else ""
        for key, (view, pk) in views.items()
    }


def about(hit: RuleHit, rule: Rule | None, actor: Actor) -> Named | None:
    """The record that a hit tells of, where that is neither the household nor one of its people."""
    if hit.record is None or rule is None:
        return None
    return register.held()[rule.subject.key].named([hit.record], actor).get(hit.record)


def suggested(hit: RuleHit) -> str:
    """The tier that a rule of DOMAIN.md 3.1 suggests (TIER_A_…, TIER_B_…, TIER_LOWER_AB); empty for other rules."""
    if hit.code.startswith(LOWER):
        return hit.code[-1]
    parts = hit.code.split("_")
    return parts[1] if parts[0] == "TIER" and len(parts) > 2 else ""
