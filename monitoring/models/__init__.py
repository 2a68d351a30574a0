from monitoring.models.change import RegisterChange
from monitoring.models.followup import FollowUp
from monitoring.models.hit import RuleHit, RuleMute, RuleRun, RuleSeen
from monitoring.models.visit import Visit

__all__ = ["FollowUp", "RegisterChange", "RuleHit", "RuleMute", "RuleRun", "RuleSeen", "Visit"]
