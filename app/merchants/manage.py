"""Make merchants, set how and where they are paid."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.actors import Actor
from app.clock import business_now
from app.db import transaction
from app.errors import InvalidInput, NotFound
from app.ids import new_id
from app.merchants.accounts import check_account
from app.merchants.models import AccountKind, Beneficiary, Merchant, Schedule
from app.money import UnknownCurrency, exponent_of


def make_merchant(name: str, currency: str, actor: Actor) -> Merchant:
    """A new merchant; InvalidInput where the name is taken or the currency unknown."""
    _check_currency(currency)
    with transaction() as session:
        if session.scalar(select(Merchant.id).where(Merchant.name == name)):
            raise InvalidInput("/name", "name_taken", f"There is a merchant {name!r} already.")
        merchant = Merchant(id=new_id("mer"), name=name, currency=currency, created_at=business_now(session))
        session.add(merchant)
        audit.note(session, "merchant.made", merchant.id, f"Merchant {name} made", actor, after={"currency": currency})
    return merchant


def set_payouts(
    merchant_id: str, currency: str | None, schedule: Schedule, payout_day: int, reason: str, actor: Actor
) -> Merchant:
    """In which currency a merchant keeps books (None: in any), and when it is paid out."""
    if currency is not None:
        _check_currency(currency)
    most = 7 if schedule is Schedule.WEEKLY else 31
    if not 1 <= payout_day <= most:
        raise InvalidInput("/payout_day", "out_of_range", f"Write a day from 1 to {most}.")
    with transaction() as session:
        merchant = lock_merchant(session, merchant_id)
        before = {"currency": merchant.currency, "schedule": merchant.schedule, "payout_day": merchant.payout_day}
        after = {"currency": currency, "schedule": schedule.value, "payout_day": payout_day}
        merchant.currency, merchant.schedule, merchant.payout_day = currency, schedule, payout_day
        merchant.version += 1
        changed = [name for name in after if before[name] != after[name]]
        audit.note(
            session,
            "merchant.payouts",
            merchant.id,
            f"Payouts of {merchant.name} set",
            actor,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
            reason=reason,
        )
    return merchant


def set_beneficiary(
    merchant_id: str, kind: AccountKind, holder: str, number: str, routing: str | None, reason: str, actor: Actor
) -> Beneficiary:
    """The account that the merchant is paid to from now on. InvalidInput where a bank would refuse it."""
    checked = check_account(kind, number, routing)
    with transaction() as session:
        merchant = lock_merchant(session, merchant_id)
        before = beneficiary_of(session, merchant_id)
        made = Beneficiary(
            id=new_id("ben"),
            merchant_id=merchant_id,
            kind=checked.kind,
            holder=holder,
            number=checked.number,
            routing=checked.routing,
            reason=reason,
            actor_name=actor.name[:200],
            created_at=business_now(session),
        )
        session.add(made)
        merchant.version += 1
        audit.note(
            session,
            "merchant.beneficiary",
            merchant_id,
            f"{merchant.name} is paid to {made.masked} from now on",
            actor,
            before=None if before is None else {"account": before.masked, "holder": before.holder},
            after={"account": made.masked, "holder": holder},
            reason=reason,
        )
    return made


def beneficiary_of(session: Session, merchant_id: str) -> Beneficiary | None:
    """The account in force."""
    mine = select(Beneficiary).where(Beneficiary.merchant_id == merchant_id)
    return session.scalars(mine.order_by(Beneficiary.id.desc()).limit(1)).first()


def lock_merchant(session: Session, merchant_id: str) -> Merchant:
    """The merchant, locked until the transaction ends."""
    merchant = session.get(Merchant, merchant_id, with_for_update=True)
    if merchant is None:
        raise NotFound(f"There is no merchant {merchant_id}.")
    return merchant


def _check_currency(currency: str) -> None:
    try:
        exponent_of(currency)
    except UnknownCurrency as error:
        raise InvalidInput("/currency", "unknown_currency", f"{error}.") from None
