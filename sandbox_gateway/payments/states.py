"""What a payment's status can be, where it can go from there, and which actions that allows."""

from enum import StrEnum


class Status(StrEnum):
    """As stored. `partially_refunded` and `refunded` are shown for a captured payment, from its counters."""

    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    DECLINED = "declined"
    FAILED = "failed"


class Action(StrEnum):
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


PARTIALLY_REFUNDED = "partially_refunded"
REFUNDED = "refunded"

_OUTCOMES = {Status.AUTHORIZED, Status.DECLINED, Status.PROCESSING}

# From None a payment begins. An approved payment that is captured at once goes by way of `authorized`.
MOVES: dict[Status | None, set[Status]] = {
    None: {Status.REQUIRES_ACTION, *_OUTCOMES},
    Status.REQUIRES_ACTION: {*_OUTCOMES, Status.VOIDED, Status.EXPIRED},
    Status.PROCESSING: {Status.AUTHORIZED, Status.DECLINED, Status.FAILED},
    Status.AUTHORIZED: {Status.PARTIALLY_CAPTURED, Status.CAPTURED, Status.VOIDED, Status.EXPIRED},
    Status.PARTIALLY_CAPTURED: {Status.PARTIALLY_CAPTURED, Status.CAPTURED},
    Status.CAPTURED: set(),
    Status.VOIDED: set(),
    Status.EXPIRED: set(),
    Status.DECLINED: set(),
    Status.FAILED: set(),
}

ACTIONS: dict[Status, tuple[Action, ...]] = {
    Status.REQUIRES_ACTION: (Action.VOID,),
    Status.PROCESSING: (),
    Status.AUTHORIZED: (Action.CAPTURE, Action.VOID),
    Status.PARTIALLY_CAPTURED: (Action.CAPTURE, Action.VOID, Action.REFUND),
    Status.CAPTURED: (Action.REFUND,),
    Status.VOIDED: (),
    Status.EXPIRED: (),
    Status.DECLINED: (),
    Status.FAILED: (),
}
