"""Disputes over the API: look at them, gather evidence, submit it, accept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.api.answers import Answer
from app.api.fields import Body, PageSize, Query, Text, Time
from app.api.operations import Answered, Call, operation
from app.api.problems import PROBLEMS, ApiProblem
from app.db import reading
from app.disputes import queries
from app.disputes.evidence import MOST_CHARACTERS, save_evidence
from app.disputes.lists import DISPUTES
from app.disputes.models import Dispute
from app.disputes.respond import accept_dispute, submit_evidence
from app.disputes.states import DisputeKind, DisputeStatus
from app.errors import InvalidInput, RuleBroken
from app.finding.wanted import Sort, Wanted
from app.operators.roles import Permission


class DisputesQuery(Query):
    """Which disputes, the most pressing first."""

    status: DisputeStatus | None = None
    reason: Annotated[Text, Field(min_length=1, max_length=60)] | None = None
    created_after: Time | None = Field(default=None, description="From this instant on.")
    created_before: Time | None = Field(default=None, description="Before this instant.")
    limit: PageSize = 20
    cursor: Annotated[Text, Field(min_length=1, max_length=300)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class EvidenceIn(Body):
    """What is to change of the evidence; fields that are left out stay."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"fields": {"shipping_tracking_number": "1Z999AA10123456784", "shipping_date": "2026-11-20"}}]
        }
    )

    fields: dict[str, Annotated[Text, Field(max_length=MOST_CHARACTERS)] | None] = Field(
        min_length=1,
        max_length=50,
        description="Texts by the gateway's names, days written like 2026-11-20; null takes one back.",
    )


class RespondIn(Body):
    """Nothing has to be said with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class EvidenceFileOut(Answer):
    """A file of the answer; files are attached on the dispute desk."""

    id: str
    field: str
    name: str
    content_type: str
    size: int
    sha256: str


class EvidenceOut(Answer):
    """As it is saved here until it is submitted; then as it was sent."""

    fields: dict[str, str]
    files: list[EvidenceFileOut]
    required: list[str]
    helpful: list[str]
    missing: list[str] = Field(description="Required, and neither given nor shown by a file.")


class DisputeOut(Answer):
    """A case that a cardholder opened. The amount and the fee of a chargeback left when it opened."""

    id: str
    object: Literal["dispute"] = "dispute"
    version: int
    order: str
    payment: str
    kind: DisputeKind
    round: int
    previous: str | None
    status: DisputeStatus
    amount: int
    fee: int
    currency: str
    reason: str
    network_reason_code: str | None
    evidence: EvidenceOut
    is_unknown: bool = Field(description="An answer was sent and the gateway's word on it got lost; it is asked again.")
    allowed_actions: list[Literal["submit", "accept"]]
    respond_by: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    why: Any
    created_at: datetime


class DisputeListOut(Answer):
    """One page, the most pressing first."""

    data: list[DisputeOut]
    has_more: bool
    next_cursor: str | None


def dispute_out(dispute: Dispute) -> DisputeOut:
    """The dispute with its evidence."""
    attempt = dispute.open_attempt_now()
    return DisputeOut(
        id=dispute.id,
        version=dispute.version,
        order=dispute.order_id,
        payment=dispute.payment_id,
        kind=DisputeKind(dispute.kind),
        round=dispute.round,
        previous=dispute.previous,
        status=dispute.state,
        amount=dispute.amount_minor,
        fee=dispute.fee_minor,
        currency=dispute.currency,
        reason=dispute.reason,
        network_reason_code=dispute.network_reason_code,
        evidence=EvidenceOut(
            fields=dispute.evidence,
            files=[
                EvidenceFileOut(**{name: getattr(file, name) for name in EvidenceFileOut.model_fields})
                for file in dispute.files
            ],
            required=dispute.required,
            helpful=dispute.helpful,
            missing=dispute.missing,
        ),
        is_unknown=attempt is not None and attempt.unanswered_at is not None,
        allowed_actions=[name for name in ("submit", "accept") if name in dispute.allowed_actions()],
        respond_by=dispute.respond_by,
        submitted_at=dispute.submitted_at,
        decided_at=dispute.decided_at,
        why=dispute.why,
        created_at=dispute.created_at,
    )


@contextmanager
def _told_here() -> Iterator[None]:
    """A code of the gateway's that has no page here is told as its own."""
    try:
        yield
    except RuleBroken as broken:
        if broken.errors or (broken.code in PROBLEMS and broken.code != "validation_failed"):
            raise
        code = "gateway_refused" if broken.status >= 500 else "refused_by_gateway"
        raise ApiProblem(code, broken.detail, gateway_code=broken.code) from broken


_BY_ID = {"dispute_id": "$response.body#/data/0/id"}
_REFUSED = ("not_found", "invalid_transition", "operation_in_progress")


@operation(
    "GET",
    "/disputes",
    "List disputes",
    permission=Permission.READ,
    query=DisputesQuery,
    answer=DisputeListOut,
    problems=("invalid_cursor",),
    links=dict.fromkeys(("get_dispute", "post_evidence", "post_submit", "post_accept"), _BY_ID),
)
def get_disputes(call: Call, query: DisputesQuery) -> Answered:
    """Those that await an answer by their deadlines, then those under review, then the decided ones, newest first."""
    wanted = Wanted(
        statuses=(query.status,) if query.status else (),
        reason=query.reason,
        created_after=query.created_after,
        created_before=query.created_before,
    )
    with reading() as session:
        try:
            page = DISPUTES.page(session, wanted, query.cursor, query.limit, Sort.PRESSING)
        except InvalidInput:
            raise ApiProblem("invalid_cursor", param="/cursor") from None
        for dispute in page.items:
            session.refresh(dispute, ["attempts", "files"])
    data = [dispute_out(dispute) for dispute in page.items]
    return Answered(DisputeListOut(data=data, has_more=page.has_more, next_cursor=page.next_cursor))


@operation(
    "GET",
    "/disputes/{dispute_id}",
    "Look at a dispute",
    permission=Permission.READ,
    answer=DisputeOut,
    problems=("not_found",),
)
def get_dispute(call: Call, dispute_id: str) -> Answered:
    """The dispute as it is now, with its evidence."""
    return Answered(dispute_out(queries.get_dispute(dispute_id)))


@operation(
    "POST",
    "/disputes/{dispute_id}/evidence",
    "Gather evidence",
    permission=Permission.DISPUTE,
    body=EvidenceIn,
    answer=DisputeOut,
    problems=_REFUSED,
)
def post_evidence(call: Call, dispute_id: str, body: EvidenceIn) -> Answered:
    """As often as wanted until it is submitted; nothing goes to the bank before that."""
    save_evidence(dispute_id, body.fields, call.actor)
    return Answered(dispute_out(queries.get_dispute(dispute_id)))


@operation(
    "POST",
    "/disputes/{dispute_id}/submit",
    "Submit the evidence",
    permission=Permission.DISPUTE,
    body=RespondIn,
    answer=DisputeOut,
    problems=(*_REFUSED, "refused_by_gateway", "gateway_refused"),
)
def post_submit(call: Call, dispute_id: str, body: RespondIn) -> Answered:
    """Once, as it is saved, and for good. Where the gateway does not answer, is_unknown says so."""
    with _told_here():
        submit_evidence(dispute_id, call.actor, request_key=call.request_key)
    return Answered(dispute_out(queries.get_dispute(dispute_id)))


@operation(
    "POST",
    "/disputes/{dispute_id}/accept",
    "Accept a dispute",
    permission=Permission.DISPUTE,
    body=RespondIn,
    answer=DisputeOut,
    problems=(*_REFUSED, "refused_by_gateway", "gateway_refused"),
)
def post_accept(call: Call, dispute_id: str, body: RespondIn) -> Answered:
    """Give in to a chargeback: the money and the fee stay away, for good."""
    with _told_here():
        accept_dispute(dispute_id, call.actor, request_key=call.request_key)
    return Answered(dispute_out(queries.get_dispute(dispute_id)))
