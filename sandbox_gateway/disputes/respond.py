"""What the merchant does about a dispute: gather evidence, submit it once, or give in."""

from sqlalchemy import Connection

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes import evidence
from sandbox_gateway.disputes.dispute import find_dispute, find_with_payment, show, store, store_both
from sandbox_gateway.disputes.evidence import EvidenceGiven
from sandbox_gateway.disputes.kinds import DEADLINE, DECISION
from sandbox_gateway.disputes.outcome import lose
from sandbox_gateway.disputes.states import Action, Status
from sandbox_gateway.routes import Answer
from sandbox_gateway.times import DAY_US

REVIEW_US = 7 * DAY_US


def add_evidence(tx: Connection, account: Account, dispute_id: str, body: EvidenceGiven) -> Answer:
    dispute = find_dispute(tx, account, dispute_id)
    if dispute.status is not Status.NEEDS_RESPONSE:
        raise dispute.refusal("a change of its evidence")
    fields, files = evidence.changed(dispute.evidence, body), evidence.changed_files(dispute.files, body)
    if (fields, files) != (dispute.evidence, dispute.files):
        dispute.evidence, dispute.files = fields, files
        store(tx, account, dispute, "dispute.updated")
    return Answer(show(dispute))


def submit_dispute(tx: Connection, account: Account, dispute_id: str) -> Answer:
    dispute, payment = find_with_payment(tx, account, dispute_id)
    dispute.check_allows(Action.SUBMIT)
    dispute.move(Status.UNDER_REVIEW, "request: submitted by the merchant")
    dispute.submitted_us = account.now_us
    store_both(tx, account, dispute, payment, "dispute.updated")
    jobs.cancel(tx, account, DEADLINE, dispute.id)
    jobs.schedule(tx, account, DECISION, dispute.id, account.now_us + REVIEW_US)
    return Answer(show(dispute))


def accept_dispute(tx: Connection, account: Account, dispute_id: str) -> Answer:
    dispute, payment = find_with_payment(tx, account, dispute_id)
    dispute.check_allows(Action.ACCEPT)
    lose(tx, account, dispute, payment, "request: accepted by the merchant", Status.ACCEPTED)
    return Answer(show(dispute))
