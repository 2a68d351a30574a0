"""The national file of villages (E) goes into the ledger of villages, one record for each village and year."""

from households.roster.fields import slots_of
from households.roster.takers import Taker, take
from villages.models import VillageYear

YEAR = Taker("village", VillageYear, slots_of(VillageYear), key="{t}.year", anchor="village", dated="year")

take(YEAR)
