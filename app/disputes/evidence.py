"""Gathering evidence: texts and files, saved here as often as wanted, and what is known from the order already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.clock import business_now
from app.db import transaction
from app.disputes.files import checked_file
from app.disputes.models import Dispute, lock_dispute
from app.disputes.reasons import FIELDS, field_of
from app.errors import InvalidInput, NotFound
from app.ids import new_id
from app.orders.models import Order
from app.payments.models import Payment
from app.timeline import Actor, Kind, add

MOST_CHARACTERS = 4_000
MOST_CHARACTERS_TOGETHER = 12_000
"""What the gateway takes, in one field and in all of them."""


@dataclass(frozen=True)
class Attached:
    """A file that came with a form: what it is to show, what it is called, what is in it."""

    field: str
    name: str
    content: bytes


def save_evidence(
    dispute_id: str,
    fields: Mapping[str, str | None],
    actor: Actor,
    *,
    attached: Sequence[Attached] = (),
    removed: Sequence[str] = (),
) -> Dispute:
    """Change the texts given (None or nothing takes one back), add and remove files; nothing goes to the bank yet.

    Raises NotFound, InvalidInput naming `/fields/…` or `/files`, RuleBroken once it is sent.
    """
    with transaction() as session:
        dispute = lock_dispute(session, dispute_id)
        if dispute is None:
            raise NotFound(f"There is no dispute {dispute_id}.")
        dispute.check_editable()
        before = dispute.evidence
        _check_days(fields, business_now(session).date())
        dispute.draft = checked_fields({**before, **fields})
        gone = [file for file in dispute.files if file.id in removed]
        for file in gone:
            dispute.files.remove(file)
            session.delete(file)
        for one in attached:
            if one.field not in FIELDS:
                raise InvalidInput("/files", "unknown_field", "Choose what the file shows.")
            file = checked_file(one.name, one.content, dispute.files)
            file.id, file.field = new_id("fil"), one.field
            file.added_by, file.added_at = actor.name[:200], business_now(session)
            dispute.files.append(file)
        if dispute.draft != before or gone or attached:
            _tell(session, dispute, before, len(gone), len(attached), actor)
    return dispute


def is_day_written(text: str) -> bool:
    """Whether the text is a day like 2026-11-23."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_day(text: str, today: date) -> None:
    """ValueError unless the text is a day like 2026-11-23, and not one to come."""
    if not is_day_written(text):
        raise ValueError("Write a day like 2026-11-23.")
    if date.fromisoformat(text) > today:
        raise ValueError(f"That day is still to come; today is {today}.")


def _check_days(fields: Mapping[str, str | None], today: date) -> None:
    for name, given in fields.items():
        text = (given or "").strip()
        if text and field_of(name).is_day:
            try:
                check_day(text, today)
            except ValueError as wrong:
                raise InvalidInput(f"/fields/{name}", "invalid_day", str(wrong)) from None


def checked_fields(fields: Mapping[str, str | None]) -> dict[str, str]:
    """The texts that there are, each and together no longer than the gateway takes. InvalidInput names the field."""
    kept: dict[str, str] = {}
    for name, given in sorted(fields.items()):
        text = (given or "").replace("\r\n", "\n").strip()
        if not text:
            continue
        if name not in FIELDS:
            raise InvalidInput(
                f"/fields/{name}", "unknown_field", f"There is no such field; choose of {', '.join(FIELDS)}."
            )
        if len(text) > MOST_CHARACTERS:
            raise InvalidInput(
                f"/fields/{name}", "too_long", f"At most {MOST_CHARACTERS} characters; it has {len(text)}."
            )
        kept[name] = text
    together = sum(map(len, kept.values()))
    if together > MOST_CHARACTERS_TOGETHER:
        raise InvalidInput(
            "/fields",
            "too_long",
            f"At most {MOST_CHARACTERS_TOGETHER} characters are taken in all fields together; these have {together}.",
        )
    return kept


def _tell(session: Session, dispute: Dispute, before: Mapping[str, str], gone: int, added: int, actor: Actor) -> None:
    now = dispute.evidence
    changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    add(
        session,
        Kind.DISPUTE_EVIDENCE,
        dispute.id,
        f"Evidence saved: {_so_many(len(now), 'text')}, {_so_many(len(dispute.files), 'file')}",
        actor,
        order_id=dispute.order_id,
        payment_id=dispute.payment_id,
        data={"fields_changed": changed, "files_added": added, "files_removed": gone},
    )


def known_facts(order: Order, payment: Payment) -> dict[str, str]:
    """What the order and the payment say already, by the evidence that it is: for somebody to check, not to type."""
    items = "\n".join(f"{item['quantity']} x {item['name']}" for item in order.items)
    paid = payment.authorized_at or payment.created_at
    card = f"{payment.card_network} ending in {payment.card_last4}" if payment.card_last4 else "card"
    receipt = f"Order {order.reference} of {order.created_at:%Y-%m-%d}\n{items}\nTotal {order.amount}, {card}"
    known = {
        "customer_name": order.customer_name,
        "customer_email": order.customer_email,
        "customer_ip": str(order.context.get("ip", "")),
        "product_description": items,
        "receipt": f"{receipt}, authorized on {paid:%Y-%m-%d %H:%M} UTC",
    }
    return {name: text for name, text in known.items() if text.strip()}


def _so_many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
