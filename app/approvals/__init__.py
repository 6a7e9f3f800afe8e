"""A second person for what moves much money: asked for, then approved or refused. Rooms register the kinds."""

from app.approvals.ask import ask_approval, find_approval
from app.approvals.kinds import carries_out
from app.approvals.models import Approval, ApprovalStatus

__all__ = ["Approval", "ApprovalStatus", "ask_approval", "carries_out", "find_approval"]
