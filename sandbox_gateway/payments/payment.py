"""One payment in memory: loaded from its row, changed by the verbs beside, stored with one event per change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, insert, select, update
from typing_extensions import TypedDict

from sandbox_gateway import refund_rows
from sandbox_gateway.accounts import Account
from sandbox_gateway.declines import AdviceBody
from sandbox_gateway.disputes import rows as dispute_rows
from sandbox_gateway.disputes.rows import PaymentDispute
from sandbox_gateway.events import emit
from sandbox_gateway.issuer import Authentication, Checks
from sandbox_gateway.payments.schema import captures, payments
from sandbox_gateway.payments.states import ACTIONS, MOVES, PARTIALLY_REFUNDED, REFUNDED, Action, Status
from sandbox_gateway.problems import Problem, not_found
from sandbox_gateway.refund_rows import RefundBody
from sandbox_gateway.statements import Statement
from sandbox_gateway.stories import Story, keep, recall
from sandbox_gateway.times import optional_to_wire, to_wire
from sandbox_gateway.tokens import Card
from sandbox_gateway.webhooks.endpoints import EventType

ShownStatus = Literal[
    "requires_action",
    "processing",
    "authorized",
    "partially_captured",
    "captured",
    "partially_refunded",
    "refunded",
    "voided",
    "expired",
    "declined",
    "failed",
]


class CaptureBody(TypedDict):
    id: str
    object: Literal["capture"]
    amount: int
    currency: str
    final: Annotated[bool, Field(description="Whether it released what was still held.")]
    created_at: str


class DeclineBody(TypedDict):
    code: str
    network_code: Annotated[str, Field(description="ISO 8583 field 39.")]
    kind: Annotated[Literal["soft", "hard"], Field(description="hard: never try this card again.")]
    message: Annotated[str, Field(description="Plain words, fit for the customer.")]
    advice: AdviceBody


class CaptureFailureBody(TypedDict):
    code: Literal["authorization_not_honored"]
    message: str
    amount: int
    currency: str
    failed_at: str


class NextAction(TypedDict):
    type: Literal["redirect_to_url"]
    url: str


class CustomerBody(TypedDict):
    id: str | None
    email: str | None
    name: str | None
    ip: str | None


class PaymentBody(TypedDict):
    """The payment whole, as answers and events carry it."""

    id: str
    object: Literal["payment"]
    version: Annotated[int, Field(description="One more with each change.")]
    status: ShownStatus
    amount: int
    currency: str
    amount_capturable: int
    amount_captured: int
    amount_refunded: Annotated[int, Field(description="Pending refunds count until they fail.")]
    amount_refundable: Annotated[int, Field(description="Captured, less refunded and less lost to disputes.")]
    amount_disputed: Annotated[
        int, Field(description="Held by open chargebacks: refundable again if they are won, and not before.")
    ]
    amount_disputed_lost: Annotated[int, Field(description="Lost to chargebacks that were not won.")]
    card: Card
    checks: Checks
    authentication: Authentication | None
    next_action: NextAction | None
    decline: DeclineBody | None
    capture_failure: Annotated[
        CaptureFailureBody | None, Field(description="Why the last capture took no money; null once one has.")
    ]
    authorization_code: str | None
    reference: str | None
    description: str | None
    statement_descriptor: str | None
    customer: CustomerBody | None
    metadata: dict[str, str]
    captures: list[CaptureBody]
    refunds: list[RefundBody]
    disputes: list[PaymentDispute]
    created_at: str
    authorized_at: str | None
    expires_at: Annotated[str | None, Field(description="When the hold or the challenge ends, while there is one.")]
    why: Annotated[str, Field(description="The card, fault, setting or request that brought this outcome.")]


@dataclass(slots=True)
class Payment:
    """Fields are those of the table. `row` is 0 until the payment is stored."""

    id: str
    amount: int
    currency: str
    captures_at_once: bool
    test_card: str
    story: Story
    card: str
    checks: str
    reference: str | None
    description: str | None
    statement_descriptor: str | None
    customer: str | None
    metadata: str
    return_url: str | None
    created_us: int
    row: int = 0
    version: int = 0
    status: Status | None = None
    amount_captured: int = 0
    amount_released: int = 0
    amount_refunded: int = 0
    amount_disputed: int = 0
    amount_disputed_lost: int = 0
    disputed_times: int = 0
    authentication: Authentication | None = None
    decline: DeclineBody | None = None
    capture_failure: CaptureFailureBody | None = None
    authorization_code: str | None = None
    challenge_secret: str | None = None
    authorized_us: int | None = None
    expires_us: int | None = None
    why: str = ""
    captures: list[CaptureBody] = field(default_factory=list)
    refunds: list[RefundBody] = field(default_factory=list)
    disputes: list[PaymentDispute] = field(default_factory=list)

    @property
    def amount_capturable(self) -> int:
        if self.status not in (Status.AUTHORIZED, Status.PARTIALLY_CAPTURED):
            return 0
        return self.amount - self.amount_captured - self.amount_released

    @property
    def amount_refundable(self) -> int:
        return self.amount_captured - self.amount_refunded - self.amount_disputed_lost

    @property
    def amount_free(self) -> int:
        """Neither given back nor held by a chargeback: what can be refunded now, or disputed."""
        return self.amount_refundable - self.amount_disputed

    @property
    def shown_status(self) -> str:
        assert self.status is not None
        if self.status is Status.CAPTURED and self.amount_refunded:
            return REFUNDED if self.amount_refunded == self.amount_captured else PARTIALLY_REFUNDED
        return self.status.value

    @property
    def shown_card(self) -> Card:
        card: Card = json.loads(self.card)
        return card

    @property
    def allowed_actions(self) -> list[Action]:
        assert self.status is not None
        return [action for action in ACTIONS[self.status] if action is not Action.REFUND or self.amount_refundable > 0]

    def check_allows(self, action: Action) -> None:
        """Problem: `invalid_transition`."""
        if action not in self.allowed_actions:
            raise Problem(
                "invalid_transition",
                f"A payment that is {self.shown_status} does not allow {action}.",
                current_status=self.shown_status,
                allowed_actions=list(self.allowed_actions),
            )

    def move(self, to: Status, why: str) -> None:
        assert to in MOVES[self.status], (self.status, to)
        self.status = to
        self.why = why


_VALUES_THAT_CHANGE = (
    "version",
    "status",
    "amount_captured",
    "amount_released",
    "amount_refunded",
    "amount_disputed",
    "amount_disputed_lost",
    "disputed_times",
    "authorization_code",
    "challenge_secret",
    "authorized_us",
    "expires_us",
    "why",
)
_VALUES_THAT_STAY = (
    "id",
    "amount",
    "currency",
    "captures_at_once",
    "test_card",
    "card",
    "checks",
    "reference",
    "description",
    "statement_descriptor",
    "customer",
    "metadata",
    "return_url",
    "created_us",
)
_JSON_THAT_CHANGES = ("authentication", "decline", "capture_failure")

_FIND = Statement(
    select(payments).where(payments.c.account_id == bindparam("account_id"), payments.c.id == bindparam("payment_id"))
)
_INSERT = Statement(insert(payments))
_SAVE = Statement(
    update(payments)
    .where(payments.c.row == bindparam("payment_row"))
    .values({name: bindparam(f"new_{name}") for name in (*_VALUES_THAT_CHANGE, *_JSON_THAT_CHANGES)})
)
_CAPTURES = (
    select(captures)
    .where(captures.c.payment_row.in_(bindparam("payment_rows", expanding=True)))
    .order_by(captures.c.payment_row, captures.c.row)
)
_CAPTURES_OF_ONE = Statement(
    select(captures).where(captures.c.payment_row == bindparam("payment_row")).order_by(captures.c.row)
)


def find_payment(tx: Connection, account: Account, payment_id: str) -> Payment:
    """The account's payment with its captures, refunds and disputes. Problem: `not_found`."""
    row = _FIND.first(tx, {"account_id": account.id, "payment_id": payment_id})
    if row is None:
        raise not_found("payment")
    return payments_of(tx, [row])[0]


def payments_of(tx: Connection, rows: Sequence[Row[Any]]) -> list[Payment]:
    """Payments made of their rows, in that order."""
    found = {row.row: _payment_of(row) for row in rows}
    captured = [payment.row for payment in found.values() if payment.amount_captured]
    if captured:
        for one in _captures_of(tx, captured):
            payment = found[one.payment_row]
            payment.captures.append(
                {
                    "id": one.id,
                    "object": "capture",
                    "amount": one.amount,
                    "currency": payment.currency,
                    "final": one.final,
                    "created_at": to_wire(one.created_us),
                }
            )
        for refund in refund_rows.of_payments(tx, captured):
            payment = found[refund.payment_row]
            payment.refunds.append(refund_rows.show(refund, payment.id, payment.currency))
    disputed = [payment.row for payment in found.values() if payment.disputed_times]
    if disputed:
        for dispute in dispute_rows.of_payments(tx, disputed):
            payment = found[dispute.payment_row]
            payment.disputes.append(dispute_rows.show_short(dispute, payment.currency))
    return list(found.values())


def _captures_of(tx: Connection, rows: Sequence[int]) -> Sequence[Any]:
    if len(rows) == 1:
        return _CAPTURES_OF_ONE.all(tx, {"payment_row": rows[0]})
    return tx.execute(_CAPTURES, {"payment_rows": rows}).all()


def _payment_of(row: Row[Any]) -> Payment:
    return Payment(
        **{name: getattr(row, name) for name in _VALUES_THAT_STAY},
        **{name: getattr(row, name) for name in _VALUES_THAT_CHANGE if name != "status"},
        row=row.row,
        status=Status(row.status),
        story=recall(row.story),
        authentication=_parsed(row.authentication),
        decline=_parsed(row.decline),
        capture_failure=_parsed(row.capture_failure),
    )


def store(tx: Connection, account: Account, payment: Payment, event: EventType | None) -> None:
    """Write one change: the version goes up, and `event` (None: the change tells of itself in another) says so."""
    assert payment.status is not None
    payment.version += 1
    changing = {name: getattr(payment, name) for name in _VALUES_THAT_CHANGE}
    changing["status"] = payment.status.value
    changing |= {name: _serialized(getattr(payment, name)) for name in _JSON_THAT_CHANGES}
    if payment.row:
        _SAVE.run(tx, {"payment_row": payment.row, **{f"new_{name}": value for name, value in changing.items()}})
    else:
        staying = {name: getattr(payment, name) for name in _VALUES_THAT_STAY}
        payment.row = _INSERT.insert(
            tx, {"account_id": account.id, "story": keep(payment.story), **staying, **changing}
        )
    if event is not None:
        emit(tx, account, event, show(account, payment))


def show(account: Account, payment: Payment) -> PaymentBody:
    next_action: NextAction | None = None
    if payment.status is Status.REQUIRES_ACTION:
        next_action = {"type": "redirect_to_url", "url": f"{account.base_url}/challenge/{payment.challenge_secret}"}
    return {
        "id": payment.id,
        "object": "payment",
        "version": payment.version,
        "status": payment.shown_status,  # type: ignore[typeddict-item]  # a Status or one of the two derived from it
        "amount": payment.amount,
        "currency": payment.currency,
        "amount_capturable": payment.amount_capturable,
        "amount_captured": payment.amount_captured,
        "amount_refunded": payment.amount_refunded,
        "amount_refundable": payment.amount_refundable,
        "amount_disputed": payment.amount_disputed,
        "amount_disputed_lost": payment.amount_disputed_lost,
        "card": payment.shown_card,
        "checks": json.loads(payment.checks),
        "authentication": payment.authentication,
        "next_action": next_action,
        "decline": payment.decline,
        "capture_failure": payment.capture_failure,
        "authorization_code": payment.authorization_code,
        "reference": payment.reference,
        "description": payment.description,
        "statement_descriptor": payment.statement_descriptor,
        "customer": _parsed(payment.customer),
        "metadata": json.loads(payment.metadata),
        "captures": payment.captures,
        "refunds": payment.refunds,
        "disputes": payment.disputes,
        "created_at": to_wire(payment.created_us),
        "authorized_at": optional_to_wire(payment.authorized_us),
        "expires_at": optional_to_wire(payment.expires_us),
        "why": payment.why,
    }


def _parsed(stored: str | None) -> Any:
    return None if stored is None else json.loads(stored)


def _serialized(value: object) -> str | None:
    return None if value is None else json.dumps(value)
