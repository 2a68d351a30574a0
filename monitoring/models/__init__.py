from monitoring.models.visit import Visit

__all__ = ["Visit"]
