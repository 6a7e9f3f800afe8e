"""Names of what falls due in the life of a dispute."""

DEADLINE = "dispute.deadline"
DECISION = "dispute.decision"
COMES_BACK = "dispute.comes_back"
