"""Pays merchants what is theirs, once the gateway has paid it to us; more than a limit takes a second person."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session

from app import approvals, audit
from app.approvals import Approval, ask_approval, find_approval
from app.clock import business_now
from app.db import reading, transaction
from app.errors import NotFound, RuleBroken
from app.ids import new_id
from app.ledger import Account, Draft, Event, lines_of, post
from app.ledger.accounts import account_id
from app.ledger.models import LedgerAccount
from app.ledger.post import POSTINGS, TRANSACTIONS, reverse, standing_from
from app.merchants.manage import beneficiary_of, lock_merchant
from app.merchants.models import Beneficiary, Merchant, Schedule
from app.money import Money
from app.policy import current_policy
from app.settlements.models import MerchantPayout, Payout, Settlement
from app.settlements.states import MERCHANT_PAYOUT, MerchantPayoutStatus, PayoutStatus
from app.timeline import Actor, ActorKind

KIND = "merchant_payout"
_S = MerchantPayoutStatus


def settled_until(session: Session, currency: str) -> datetime | None:
    """Up to when all that was sold in the currency has come to our bank, and is there; None before the first payout."""
    paid = select(Payout.id).where(Payout.status == PayoutStatus.PAID)
    mine = Settlement.currency == currency
    newest = session.scalar(select(func.max(Settlement.day)).where(mine, Settlement.payout_id.in_(paid)))
    if newest is None:
        return None
    is_there = Settlement.payout_id.is_not(None) & Settlement.payout_id.in_(paid)
    gap = session.scalar(select(func.min(Settlement.day)).where(mine, ~is_there, Settlement.net_minor != 0))
    until = newest + timedelta(days=1) if gap is None else min(gap, newest + timedelta(days=1))
    return datetime.combine(until, time(), UTC)


@dataclass(frozen=True)
class Payable:
    """How much may be paid to a merchant, and why; all in one currency."""

    until: datetime | None
    """Up to when its sales had come to us."""
    due_then: Money
    """What was due then."""
    taken: Money
    """What refunds, disputes and fees took since."""
    sent: Money
    """What payouts took since."""
    due_now: Money

    @property
    def amount(self) -> Money:
        """Never more than is due now."""
        left = min(self.due_then - self.taken - self.sent, self.due_now)
        return max(left, Money(0, left.currency))


def payable(session: Session, merchant_id: str, currency: str) -> tuple[Money, datetime | None]:
    """What may be paid to a merchant now, and up to when its sales had come to us."""
    until = settled_until(session, currency)
    if until is None:
        return Money(0, currency), None
    return how_payable(session, merchant_id, currency, until).amount, until


def how_payable(
    session: Session, merchant_id: str, currency: str, until: datetime, at: datetime | None = None
) -> Payable:
    """The same with its parts; `at` an earlier moment, by the account's clock."""
    account = account_id(merchant_id, Account.MERCHANT_DUE, currency)
    mine = select(func.coalesce(func.sum(-POSTINGS.c.amount_minor), 0)).where(POSTINGS.c.account_id == account)
    by_then = mine if at is None else mine.where(POSTINGS.c.at <= at)
    since = (
        select(func.sum(POSTINGS.c.amount_minor).label("taken"))
        .join_from(POSTINGS, TRANSACTIONS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        .where(
            POSTINGS.c.account_id == account,
            POSTINGS.c.at >= until,
            POSTINGS.c.at <= at if at is not None else true(),
            TRANSACTIONS.c.source_type != KIND,
        )
        .group_by(POSTINGS.c.transaction_id)
        .having(func.sum(POSTINGS.c.amount_minor) > 0)
        .subquery()
    )
    sent = select(func.coalesce(func.sum(MerchantPayout.amount_minor), 0)).where(
        MerchantPayout.merchant_id == merchant_id,
        MerchantPayout.currency == currency,
        MerchantPayout.status.in_((_S.SENT, _S.PAID)),
        MerchantPayout.sent_at >= until,
        MerchantPayout.sent_at <= at if at is not None else true(),
    )

    def sum_of(rows: Select[Any]) -> Money:
        return Money(int(session.scalar(rows) or 0), currency)

    taken = select(func.coalesce(func.sum(since.c.taken), 0))
    return Payable(until, sum_of(mine.where(POSTINGS.c.at < until)), sum_of(taken), sum_of(sent), sum_of(by_then))


def propose_payout(merchant_id: str, currency: str, actor: Actor) -> MerchantPayout:
    """Write down what may be paid now, for a person to approve. RuleBroken where there is nothing, or nowhere to."""
    with transaction() as session:
        merchant = lock_merchant(session, merchant_id)
        account = beneficiary_of(session, merchant_id)
        if account is None:
            raise RuleBroken("no_account", f"{merchant.name} has no account to be paid to. Write one down first.")
        if _proposed(session, merchant_id, currency) is not None:
            raise RuleBroken("already_proposed", f"A payout in {currency} is proposed already: send or cancel it.")
        amount, until = payable(session, merchant_id, currency)
        if not amount or until is None:
            raise RuleBroken(
                "nothing_payable",
                f"Nothing in {currency} can be paid now: what is due has not come from the gateway, or is owed.",
            )
        return _propose(session, merchant, account, amount, until, actor)


def propose_by_schedule(actor: Actor) -> int:
    """Propose what is payable to merchants whose day it is, once a day; how many payouts that were."""
    made = 0
    with reading() as session:
        now = business_now(session)
        due = [one for one in session.scalars(select(Merchant)) if _is_day_of(one, now)]
        wanted = [(one.id, currency) for one in due for currency in _currencies(session, one.id)]
    for merchant_id, currency in wanted:
        with transaction() as session:
            merchant = lock_merchant(session, merchant_id)
            account = beneficiary_of(session, merchant_id)
            amount, until = payable(session, merchant_id, currency)
            if account is None or until is None or not amount or _made_today(session, merchant_id, currency, now):
                continue
            if _proposed(session, merchant_id, currency) is None:
                _propose(session, merchant, account, amount, until, actor)
                made += 1
    return made


def send_or_ask(payout_id: str, reason: str, actor: Actor, request_key: str | None) -> MerchantPayout | Approval:
    """Send it, or ask for a second person where it is more than one may pay alone."""
    with transaction() as session:
        asked_before = find_approval(session, request_key)
        if asked_before is not None:
            return asked_before
        payout = _locked(session, payout_id)
        _check(payout, _S.SENT)
        _check_account(session, payout)
        limit = current_policy(session).payout_limit(payout.currency)
        if actor.kind == ActorKind.OPERATOR and payout.amount > limit:
            return ask_approval(session, KIND, payout.id, payout.amount, {}, actor, reason, request_key)
    return send_payout(payout_id, reason, actor)


def send_payout(payout_id: str, reason: str, actor: Actor) -> MerchantPayout:
    """It is on its way to the merchant's bank, and no longer due. RuleBroken where it is more than is payable now."""
    with transaction() as session:
        payout = _locked(session, payout_id)
        if payout.status == _S.SENT:
            return payout
        _check(payout, _S.SENT)
        _check_account(session, payout)
        amount, _ = payable(session, payout.merchant_id, payout.currency)
        if payout.amount > amount:
            raise RuleBroken(
                "more_than_payable",
                f"Only {amount} may be paid now: something was refunded or disputed since. Cancel it and propose anew.",
            )
        payout.status, payout.sent_at, payout.sent_by = _S.SENT, business_now(session), actor.name[:200]
        payout.note = reason[:500]
        _book(session, payout, Event.MERCHANT_PAID)
        _note(session, payout, "sent", reason, actor)
    return payout


def end_payout(payout_id: str, status: MerchantPayoutStatus, reason: str, actor: Actor) -> MerchantPayout:
    """It was canceled, has arrived, or came back; what came back is due again."""
    with transaction() as session:
        payout = _locked(session, payout_id)
        _check(payout, status)
        standing, _ = standing_from(session, KIND, payout.id)
        if status is _S.PAID:
            _book(session, payout, Event.MERCHANT_PAYOUT_ARRIVED)
        elif status is _S.BOUNCED:
            for one in reversed(standing):
                reverse(session, one, cause=payout.id)
        payout.status, payout.ended_at, payout.note = status, business_now(session), reason[:500]
        _note(session, payout, status.value, reason, actor)
    return payout


@approvals.carries_out(KIND, "payout to a merchant")
def _send_approved(approval: Approval) -> str:
    send_payout(approval.subject_id, approval.reason, approval.asker)
    return "sent; the merchant's page tells whether it arrived."


def _propose(
    session: Session, merchant: Merchant, account: Beneficiary, amount: Money, until: datetime, actor: Actor
) -> MerchantPayout:
    payout = MerchantPayout(
        id=new_id("mpo"),
        merchant_id=merchant.id,
        beneficiary_id=account.id,
        status=_S.PROPOSED,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        settled_until=until,
        made_by=actor.name[:200],
        created_at=business_now(session),
    )
    session.add(payout)
    _note(session, payout, "proposed", f"{merchant.name} to {account.masked}", actor)
    return payout


def _book(session: Session, payout: MerchantPayout, event: Event) -> None:
    lines = lines_of(event, payout.amount, payout.merchant_id)
    post(session, Draft(KIND, payout.id, event.value, payout.merchant_id, lines, cause=payout.id))


def _note(session: Session, payout: MerchantPayout, what: str, reason: str, actor: Actor) -> None:
    audit.note(
        session,
        "merchant.payout",
        payout.id,
        f"Payout of {payout.amount} {what}",
        actor,
        after={"merchant": payout.merchant_id, "amount": payout.amount_minor, "currency": payout.currency},
        reason=reason,
    )


def _check(payout: MerchantPayout, status: MerchantPayoutStatus) -> None:
    now = MerchantPayoutStatus(payout.status)
    if now is status or not MERCHANT_PAYOUT.leads_to(now, status):
        raise RuleBroken(
            "invalid_transition",
            f"The payout is {now.value}: it cannot become {status.value} now.",
            current_status=now.value,
        )


def _check_account(session: Session, payout: MerchantPayout) -> None:
    account = beneficiary_of(session, payout.merchant_id)
    if account is None or account.id != payout.beneficiary_id:
        raise RuleBroken(
            "account_changed",
            "The merchant is paid to another account since this was proposed. Cancel it and propose anew.",
        )


def _locked(session: Session, payout_id: str) -> MerchantPayout:
    merchant_id = session.scalar(select(MerchantPayout.merchant_id).where(MerchantPayout.id == payout_id))
    if merchant_id is None:
        raise NotFound(f"There is no payout {payout_id} to a merchant.")
    lock_merchant(session, merchant_id)
    return session.get_one(MerchantPayout, payout_id, with_for_update=True, populate_existing=True)


def _proposed(session: Session, merchant_id: str, currency: str) -> str | None:
    return session.scalar(
        select(MerchantPayout.id).where(
            MerchantPayout.merchant_id == merchant_id,
            MerchantPayout.currency == currency,
            MerchantPayout.status == _S.PROPOSED,
        )
    )


def _made_today(session: Session, merchant_id: str, currency: str, now: datetime) -> bool:
    begins = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = select(MerchantPayout.id).where(
        MerchantPayout.merchant_id == merchant_id,
        MerchantPayout.currency == currency,
        MerchantPayout.created_at >= begins,
    )
    return session.scalars(made.limit(1)).first() is not None


def _currencies(session: Session, merchant_id: str) -> list[str]:
    mine = select(LedgerAccount.currency).where(
        LedgerAccount.owner == merchant_id, LedgerAccount.code == Account.MERCHANT_DUE
    )
    return list(session.scalars(mine.order_by(LedgerAccount.currency)))


def _is_day_of(merchant: Merchant, now: datetime) -> bool:
    """Whether the merchant is paid on this day of the account's clock."""
    match Schedule(merchant.schedule):
        case Schedule.DAILY:
            return True
        case Schedule.WEEKLY:
            return now.isoweekday() == merchant.payout_day
        case Schedule.MONTHLY:
            last = calendar.monthrange(now.year, now.month)[1]
            return now.day == min(merchant.payout_day, last)
        case Schedule.MANUAL:
            return False
