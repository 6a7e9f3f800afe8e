"""Reading disputes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from app.clock import business_now
from app.db import reading
from app.disputes.files import EvidenceFile
from app.disputes.models import WHOLE, Dispute
from app.disputes.states import LOST, OPEN, DisputeKind, DisputeStatus
from app.errors import NotFound
from app.money import Money

LOOKED_BACK = timedelta(days=90)


@dataclass(frozen=True)
class Standing:
    """What chargebacks hold now, a sum per currency, and how those ended that were decided lately."""

    away: list[Money]
    won: int
    decided: int

    @property
    def percent_won(self) -> int:
        """Of those that were decided."""
        return round(100 * self.won / self.decided)


def get_dispute(dispute_id: str) -> Dispute:
    """The dispute with its order, payment, attempts and files; NotFound."""
    with reading() as session:
        dispute = session.get(Dispute, dispute_id, options=WHOLE)
        if dispute is None:
            raise NotFound(f"There is no dispute {dispute_id}.")
        return dispute


def disputes_of(session: Session, payment_ids: Collection[str]) -> Sequence[Dispute]:
    """Every dispute of these payments, the oldest first."""
    wanted = select(Dispute).where(Dispute.payment_id.in_(payment_ids)).options(*WHOLE)
    return session.scalars(wanted.order_by(Dispute.created_at, Dispute.id)).all()


def rounds_of(session: Session, dispute: Dispute) -> tuple[Dispute | None, Dispute | None]:
    """The dispute of the round before, and of the round after."""
    before = session.get(Dispute, dispute.previous) if dispute.previous else None
    return before, session.scalars(select(Dispute).where(Dispute.previous == dispute.id)).first()


def get_file(dispute_id: str, file_id: str) -> EvidenceFile:
    """One attached file with its content; NotFound."""
    with reading() as session:
        found = session.get(EvidenceFile, file_id, options=[undefer(EvidenceFile.content)])
    if found is None or found.dispute_id != dispute_id:
        raise NotFound(f"There is no file {file_id} with this dispute.")
    return found


def standing(session: Session) -> Standing:
    """How it stands with all chargebacks; inquiries hold nothing and are not won."""
    chargebacks = Dispute.kind == DisputeKind.CHARGEBACK
    away = select(Dispute.currency, func.sum(Dispute.amount_minor + Dispute.fee_minor)).where(
        chargebacks, Dispute.status.in_([status.value for status in OPEN])
    )
    since = business_now(session) - LOOKED_BACK
    ended = select(Dispute.status, func.count()).where(
        chargebacks,
        Dispute.status.in_([status.value for status in (DisputeStatus.WON, *LOST)]),
        Dispute.decided_at >= since,
    )
    sums = session.execute(away.group_by(Dispute.currency).order_by(Dispute.currency)).all()
    numbers = {str(status): int(number) for status, number in session.execute(ended.group_by(Dispute.status))}
    return Standing(
        [Money(int(amount), currency) for currency, amount in sums],
        numbers.get(DisputeStatus.WON.value, 0),
        sum(numbers.values()),
    )
