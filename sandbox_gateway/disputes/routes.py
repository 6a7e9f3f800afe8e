"""The addresses of disputes."""

from sandbox_gateway.disputes import moves
from sandbox_gateway.disputes.dispute import DisputeBody
from sandbox_gateway.disputes.evidence import EvidenceGiven
from sandbox_gateway.disputes.queries import DisputeQuery, get_dispute, list_disputes, subject_of_dispute
from sandbox_gateway.disputes.respond import accept_dispute, add_evidence, submit_dispute
from sandbox_gateway.lists import Page
from sandbox_gateway.routes import Route

ROUTES = [
    Route(
        "GET",
        "/v1/disputes",
        list_disputes,
        "List disputes, newest first",
        tag="Disputes",
        query=DisputeQuery,
        answer=Page[DisputeBody],
        operation="list",
        problems=("invalid_cursor",),
    ),
    Route(
        "GET",
        "/v1/disputes/<dispute_id>",
        get_dispute,
        "One dispute",
        tag="Disputes",
        answer=DisputeBody,
        operation="get",
        subject=subject_of_dispute,
    ),
    Route(
        "POST",
        "/v1/disputes/<dispute_id>/evidence",
        add_evidence,
        "Gather evidence",
        tag="Disputes",
        description="As often as wanted, until it is submitted; nothing goes to the issuer before that.",
        body=EvidenceGiven,
        answer=DisputeBody,
        operation="dispute",
        subject=subject_of_dispute,
        problems=("invalid_transition",),
    ),
    Route(
        "POST",
        "/v1/disputes/<dispute_id>/submit",
        submit_dispute,
        "Submit the evidence",
        tag="Disputes",
        description="Once, with whatever evidence there is. The issuer decides within a week of the account's clock.",
        answer=DisputeBody,
        operation="dispute",
        subject=subject_of_dispute,
        problems=("invalid_transition",),
    ),
    Route(
        "POST",
        "/v1/disputes/<dispute_id>/accept",
        accept_dispute,
        "Give in to a chargeback",
        tag="Disputes",
        answer=DisputeBody,
        operation="dispute",
        subject=subject_of_dispute,
        problems=("invalid_transition",),
    ),
    *moves.ROUTES,
]
