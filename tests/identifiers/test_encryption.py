import hmac
from hashlib import sha256

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from households.models import Household, Person
from jiyang.access.scope import acting_as, actor_for, system_scope
from jiyang.identifiers.encryption import CannotDecrypt, blind_index, decrypt, encrypt
from tests import factories


@given(st.text(max_size=60))
def test_what_goes_in_comes_out(text):
    assert decrypt(encrypt(text, "t.c"), "t.c") == text


@given(st.text(max_size=30), st.integers(1, 8))
def test_damage_and_other_columns_do_not_decrypt(text, place):
    sealed = encrypt(text, "t.c")
    with pytest.raises(CannotDecrypt):
        decrypt(sealed, "t.other")
    with pytest.raises(CannotDecrypt):
        decrypt(sealed[:-place] + bytes(byte ^ 1 for byte in sealed[-place:]), "t.c")


@given(st.text(max_size=100))
def test_index_is_the_hmac_of_the_standard(text):
    key = sha256(f"jiyang/index/{settings.INDEX_KEY}".encode()).digest()
    assert blind_index(text) == hmac.digest(key, text.strip().upper()[:18].encode(), "sha256")


def test_index_meets_certificate_and_id_of_one_person():
    assert blind_index("37012519411227225x") == blind_index("37012519411227225X43")
    assert blind_index("370125194112272251") != blind_index("37012519411227225X")


@pytest.mark.django_db(transaction=True)
def test_saving_an_unchanged_number_changes_no_byte(district_clerk):
    home = factories.household(members=1)
    with acting_as(actor_for(district_clerk)):
        person = Person.objects.get(household=home)
        person.ethnic = "回族"
        person.save()
        events = list(person.history.order_by("pgh_id"))
        assert len(events) == 2
        assert events[0].id_number.stored == events[1].id_number.stored


@pytest.mark.django_db
def test_a_value_copied_to_another_column_is_sealed_anew(town_officer):
    """A ciphertext is bound to its column: copied as it stands, it could never be read again."""
    home = factories.household(members=1)
    with system_scope("测试"):
        person = Person.objects.get(household=home)
        Household.objects.filter(pk=home.pk).update(phone=person.id_number)
        assert Household.objects.get(pk=home.pk).phone == person.id_number
