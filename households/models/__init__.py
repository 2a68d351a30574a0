from households.models.case import CaseRecord
from households.models.change import PersonChange
from households.models.checkup import Checkup, CheckupFile, CheckupFinding
from households.models.difference import StateDifference
from households.models.guarantee import GuaranteeCheck
from households.models.household import Household
from households.models.income import IncomeItem, IncomeStatement, roster_period
from households.models.pairing import Helper, Pairing
from households.models.person import Membership, Person
from households.models.roster import RosterAbsence, RosterRow, RosterTouch
from households.models.state import HouseholdState
from households.models.tier import TierChange, TierDecision

__all__ = [
    "CaseRecord",
    "Checkup",
    "CheckupFile",
    "CheckupFinding",
    "GuaranteeCheck",
    "Helper",
    "Household",
    "HouseholdState",
    "IncomeItem",
    "IncomeStatement",
    "Membership",
    "Pairing",
    "Person",
    "PersonChange",
    "RosterAbsence",
    "RosterRow",
    "RosterTouch",
    "StateDifference",
    "TierChange",
    "TierDecision",
    "roster_period",
]
