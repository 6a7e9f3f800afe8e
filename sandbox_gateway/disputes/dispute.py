"""One dispute in memory: loaded from its row, changed by the verbs beside, stored with one event per change."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, insert, select, update
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes import evidence
from sandbox_gateway.disputes.evidence import EvidenceBody, EvidenceFileBody
from sandbox_gateway.disputes.reasons import DisputeKind, DisputeOutcome, DisputeReason, EvidenceField
from sandbox_gateway.disputes.rows import DisputeStatus, disputes
from sandbox_gateway.disputes.states import MOVES, Action, Kind, Status, actions_of
from sandbox_gateway.events import emit
from sandbox_gateway.payments import payment as payments_store
from sandbox_gateway.payments.payment import Payment, find_payment
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.problems import Problem, not_found
from sandbox_gateway.times import optional_to_wire, to_wire
from sandbox_gateway.webhooks.endpoints import EventType


class DisputeBody(TypedDict):
    """The dispute whole, as answers and events carry it."""

    id: str
    object: Literal["dispute"]
    version: Annotated[int, Field(description="One more with each change.")]
    payment: str
    kind: Annotated[DisputeKind, Field(description="An inquiry holds no money; a chargeback has taken it.")]
    round: Annotated[int, Field(description="2: the issuer came back after a first round that was won.")]
    previous: Annotated[str | None, Field(description="The dispute of the round before.")]
    status: DisputeStatus
    amount: int
    fee: Annotated[
        int,
        Field(description="Taken at the opening of a chargeback; a win brings it back only if the settings say so."),
    ]
    currency: str
    reason: DisputeReason
    network_reason_code: Annotated[str, Field(description="What the card's network calls the reason.")]
    evidence: EvidenceBody
    respond_by: Annotated[str, Field(description="Until when an answer is taken.")]
    submitted_at: Annotated[str | None, Field(description="When the answer went to the issuer.")]
    decided_at: Annotated[str | None, Field(description="When it ended.")]
    allowed_actions: list[Literal["submit", "accept"]]
    created_at: str
    why: Annotated[str, Field(description="The card, deadline, request or choice that brought this status.")]


@dataclass(slots=True)
class Dispute:
    """Fields are those of the table, and the payment's. `row` is 0 until the dispute is stored."""

    id: str
    payment: str
    currency: str
    kind: Kind
    round: int
    previous: str | None
    amount: int
    fee: int
    reason: DisputeReason
    network_reason_code: str
    outcome: DisputeOutcome
    comes_back: bool
    respond_by_us: int
    created_us: int
    why: str
    row: int = 0
    version: int = 0
    status: Status = Status.NEEDS_RESPONSE
    evidence: dict[EvidenceField, str] = field(default_factory=dict)
    files: list[EvidenceFileBody] = field(default_factory=list)
    submitted_us: int | None = None
    decided_us: int | None = None

    @property
    def is_chargeback(self) -> bool:
        return self.kind is Kind.CHARGEBACK

    def check_allows(self, action: Action) -> None:
        """Problem: `invalid_transition`."""
        if action not in actions_of(self.kind, self.status):
            raise self.refusal(action.value)

    def refusal(self, wanted: str) -> Problem:
        what = "An inquiry" if self.kind is Kind.INQUIRY else "A chargeback"
        return Problem(
            "invalid_transition",
            f"{what} that is {self.status} does not allow {wanted}.",
            current_status=self.status.value,
            allowed_actions=[one.value for one in actions_of(self.kind, self.status)],
        )

    def move(self, to: Status, why: str) -> None:
        assert to in MOVES[self.kind].get(self.status, ()), (self.kind, self.status, to)
        self.status = to
        self.why = why


_VALUES_THAT_CHANGE = (
    "version",
    "kind",
    "status",
    "amount",
    "fee",
    "outcome",
    "respond_by_us",
    "submitted_us",
    "decided_us",
    "why",
)
_VALUES_THAT_STAY = ("id", "round", "previous", "reason", "network_reason_code", "comes_back", "created_us")

_INSERT = insert(disputes)
_SAVE = (
    update(disputes)
    .where(disputes.c.row == bindparam("dispute_row"))
    .values({name: bindparam(f"new_{name}") for name in (*_VALUES_THAT_CHANGE, "evidence", "evidence_files")})
)
MINE = (
    select(
        disputes,
        payments.c.id.label("payment_id"),
        payments.c.currency,
        payments.c.reference,
        payments.c.test_card,
    )
    .join_from(disputes, payments, disputes.c.payment_row == payments.c.row)
    .where(disputes.c.account_id == bindparam("account_id"))
)
BY_ID = MINE.where(disputes.c.id == bindparam("dispute_id"))


def find_dispute(tx: Connection, account: Account, dispute_id: str) -> Dispute:
    """The account's dispute. Problem: `not_found`."""
    row = tx.execute(BY_ID, {"account_id": account.id, "dispute_id": dispute_id}).first()
    if row is None:
        raise not_found("dispute")
    return of_row(row)


def find_with_payment(tx: Connection, account: Account, dispute_id: str) -> tuple[Dispute, Payment]:
    """The account's dispute and what it is about. Problem: `not_found`."""
    dispute = find_dispute(tx, account, dispute_id)
    return dispute, find_payment(tx, account, dispute.payment)


def of_row(row: Row[Any]) -> Dispute:
    return Dispute(
        **{name: getattr(row, name) for name in _VALUES_THAT_STAY},
        **{name: getattr(row, name) for name in _VALUES_THAT_CHANGE if name not in ("kind", "status")},
        row=row.row,
        payment=row.payment_id,
        currency=row.currency,
        kind=Kind(row.kind),
        status=Status(row.status),
        evidence=json.loads(row.evidence),
        files=json.loads(row.evidence_files),
    )


def store(tx: Connection, account: Account, dispute: Dispute, event: EventType) -> None:
    """Write one change: the version goes up, and `event` says so. For a change that the payment shows too, use
    `store_both`."""
    assert dispute.row
    dispute.version += 1
    changing = _changing(dispute)
    tx.execute(_SAVE, {"dispute_row": dispute.row, **{f"new_{name}": value for name, value in changing.items()}})
    emit(tx, account, event, show(dispute))


def store_both(tx: Connection, account: Account, dispute: Dispute, payment: Payment, event: EventType) -> None:
    """Write a change of the dispute that its payment shows too. The dispute's event tells of both: what happened
    happened to the dispute, and there is no type for it among the payment's."""
    payments_store.store(tx, account, payment, None)
    if dispute.row:
        store(tx, account, dispute, event)
        return
    dispute.version = 1
    staying = {name: getattr(dispute, name) for name in _VALUES_THAT_STAY}
    made = tx.execute(_INSERT, {"account_id": account.id, "payment_row": payment.row, **staying, **_changing(dispute)})
    assert made.inserted_primary_key is not None
    dispute.row = made.inserted_primary_key[0]
    emit(tx, account, event, show(dispute))


def _changing(dispute: Dispute) -> dict[str, Any]:
    return {
        **{name: getattr(dispute, name) for name in _VALUES_THAT_CHANGE},
        "kind": dispute.kind.value,
        "status": dispute.status.value,
        "evidence": json.dumps(dispute.evidence, ensure_ascii=False),
        "evidence_files": json.dumps(dispute.files, ensure_ascii=False),
    }


def show(dispute: Dispute) -> DisputeBody:
    return {
        "id": dispute.id,
        "object": "dispute",
        "version": dispute.version,
        "payment": dispute.payment,
        "kind": dispute.kind.value,
        "round": dispute.round,
        "previous": dispute.previous,
        "status": dispute.status.value,
        "amount": dispute.amount,
        "fee": dispute.fee,
        "currency": dispute.currency,
        "reason": dispute.reason,
        "network_reason_code": dispute.network_reason_code,
        "evidence": evidence.show(dispute.reason, dispute.evidence, dispute.files),
        "respond_by": to_wire(dispute.respond_by_us),
        "submitted_at": optional_to_wire(dispute.submitted_us),
        "decided_at": optional_to_wire(dispute.decided_us),
        "allowed_actions": [action.value for action in actions_of(dispute.kind, dispute.status)],
        "created_at": to_wire(dispute.created_us),
        "why": dispute.why,
    }
