from households.models.guarantee import GuaranteeCheck
from households.models.household import Household
from households.models.income import IncomeStatement
from households.models.person import Membership, Person
from households.models.roster import RosterRow, RosterTouch
from households.models.state import HouseholdState
from households.models.tier import TierDecision

__all__ = [
    "GuaranteeCheck",
    "Household",
    "HouseholdState",
    "IncomeStatement",
    "Membership",
    "Person",
    "RosterRow",
    "RosterTouch",
    "TierDecision",
]
