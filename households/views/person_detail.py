"""One person's page: a record for life, with every household they belonged to."""

from django.urls import reverse
from django.utils import timezone

from households.models import Membership, Person, PersonChange
from jiyang.ledgers.columns import Column, columns_for
from jiyang.ledgers.views import LedgerDetailView

NUMBER = Column("id_number").bind(Person)


class PersonDetailView(LedgerDetailView):
    def get_context_data(self, **kwargs) -> dict:
        person, actor = self.get_object(), self.actor
        context = super().get_context_data(**kwargs)
        spells = Membership.objects.visible_to(actor).filter(person=person).select_related("household", "village")
        changes = PersonChange.objects.visible_to(actor).filter(person=person).order_by("-on")
        reveal = reverse("households:reveal", args=[person.household_id])
        return {
            **context,
            "facts": [fact for fact in context["facts"] if fact["label"] != "证件号码"],
            "age": person.age_on(timezone.localdate()),
            "number": NUMBER.value(person) if columns_for([NUMBER], actor) else None,
            "sees_number": bool(columns_for([NUMBER], actor)),
            "reveal_url": f"{reveal}?of=person&field=id_number&row={person.pk}",
            "spells": spells.order_by("-since", "-pk"),
            "changes": changes if actor.may_open("households:change_detail") else [],
        }
