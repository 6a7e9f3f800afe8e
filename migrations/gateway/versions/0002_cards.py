"""Tokens and payments keep their card's story; captures that fail; why a refund ended as it did."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GENERIC_DECLINE = {
    "code": "generic_decline",
    "network_code": "05",
    "kind": "soft",
    "message": "The bank declined the payment and gave no reason.",
    "category": "4",
    "merchant_advice": "25",
    "retry": "later",
    "retry_after": "P1D",
}
# The cards of the first version with which something may still be to come; the others have had their answer.
_STORIES: dict[str, dict[str, Any]] = {
    "visa_challenge": {"authentication": "challenge"},
    "visa_challenge_declined": {"authentication": "challenge", "decline": _GENERIC_DECLINE},
    "visa_processing_approved": {"processing": "resolves"},
    "visa_processing_declined": {"processing": "resolves", "decline": _GENERIC_DECLINE},
}


def upgrade() -> None:
    for table in ("tokens", "payments"):
        op.add_column(table, sa.Column("story", sa.Text(), server_default="{}", nullable=False))
        _tell_stories(table)
    op.add_column("refunds", sa.Column("why", sa.Text(), server_default="unknown", nullable=False))
    op.execute("UPDATE refunds SET why = 'As in the catalogue''s first version: refunds succeed at once.'")
    op.add_column("payments", sa.Column("capture_failure", sa.Text(), nullable=True))
    _add_advice()
    # They had minutes to live; of the issuer's answer to them nothing is known here.
    op.execute("UPDATE tokens SET expires_us = created_us WHERE NOT used")


def downgrade() -> None:
    op.drop_column("payments", "capture_failure")
    op.drop_column("refunds", "why")
    for table in ("payments", "tokens"):
        op.drop_column(table, "story")


def _tell_stories(name: str) -> None:
    table = sa.table(name, sa.column("test_card"), sa.column("story"))
    tx = op.get_bind()
    for card in tx.execute(sa.select(table.c.test_card).distinct()).scalars().all():
        story = {
            "name": card,
            "network": card.partition("_")[0],
            "words": "As in the catalogue's first version.",
            **_STORIES.get(card, {}),
        }
        tx.execute(sa.update(table).where(table.c.test_card == card).values(story=json.dumps(story)))


def _add_advice() -> None:
    payments = sa.table("payments", sa.column("decline"))
    tx = op.get_bind()
    for told in (
        tx.execute(sa.select(payments.c.decline).where(payments.c.decline.is_not(None)).distinct()).scalars().all()
    ):
        decline = json.loads(told)
        never = decline["kind"] == "hard"
        decline["advice"] = {
            "code": None,
            "retry": "never" if never else "later",
            "retry_after": None,
            "message": "Do not try this card again." if never else "Another try may work later.",
        }
        tx.execute(sa.update(payments).where(payments.c.decline == told).values(decline=json.dumps(decline)))
