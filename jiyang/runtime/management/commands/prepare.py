from django.core.management.base import BaseCommand

from jiyang.parameters.loading import load_parameters
from jiyang.regions.loading import DATA, load_regions
from jiyang.regions.models import Region
from jiyang.schedules import entries


class Command(BaseCommand):
    help = "Bring reference data into an instance: regions of 济阳区 where there are none, missing parameters and beat entries."

    def handle(self, *args, **options) -> None:
        if not Region.objects.exists():
            load_regions(DATA / "regions_370115.csv")
        load_parameters()
        entries.seed()
