"""What a chargeback takes from the merchant at its opening, and what a win brings back."""

from sqlalchemy import Connection

from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes.dispute import Dispute
from sandbox_gateway.payments.payment import Payment
from sandbox_gateway.settlements import movements


def take(tx: Connection, account: Account, dispute: Dispute, payment: Payment) -> None:
    """A chargeback takes the disputed money and the fee at its beginning, not at its loss."""
    dispute.fee = movements.dispute_fee(account, payment.currency)
    payment.amount_disputed += dispute.amount
    movements.book(
        tx,
        account,
        "dispute",
        source_id=dispute.id,
        payment=payment,
        amount=-dispute.amount,
        currency=payment.currency,
    )


def give_back(tx: Connection, account: Account, dispute: Dispute, payment: Payment) -> None:
    """The disputed money comes back; the fee only if the account's fee schedule says so."""
    payment.amount_disputed -= dispute.amount
    movements.book(
        tx,
        account,
        "dispute_reversal",
        source_id=dispute.id,
        payment=payment,
        amount=dispute.amount,
        currency=payment.currency,
    )
