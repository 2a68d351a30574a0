import datetime as dt

from django.db.models import Exists, OuterRef

from households.models.household import HouseholdQuerySet
from jiyang.reporting.figures import figure
from policies.models import LeafletDelivery, LeafletKind


@figure("leaflet.missing", "未发申报政策明白纸", unit="户", ledger="households:household")
def missing(rows: HouseholdQuerySet, as_of: dt.date) -> HouseholdQuerySet:
    """Households on the register on a day that had not received that year's leaflet by then (两个全覆盖)."""
    given = LeafletDelivery.objects.filter(household=OuterRef("pk"), year=as_of.year, done_on__lte=as_of)
    return rows.on_register(as_of).filter(~Exists(given.filter(kind=LeafletKind.APPLICATION)))
