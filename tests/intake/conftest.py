"""The district's names: what every reading of a file looks places up in."""

import pytest

from jiyang.intake.places import RegionIndex
from jiyang.regions.enums import Level
from jiyang.regions.models import Region


@pytest.fixture(scope="session")
def index(django_db_setup, django_db_blocker):
    """One for all tests: the regions stay, and reading them takes as long as reading a small file."""
    with django_db_blocker.unblock():
        return RegionIndex.load(Region.objects.get(level=Level.DISTRICT))
