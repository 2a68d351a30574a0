from monitoring.models.change import RegisterChange
from monitoring.models.followup import FollowUp
from monitoring.models.visit import Visit

__all__ = ["FollowUp", "RegisterChange", "Visit"]
