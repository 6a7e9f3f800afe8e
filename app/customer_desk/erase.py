"""Forget who a customer was, on their request: what was paid stays, what tells who paid goes. It cannot be undone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select, union, update
from sqlalchemy.orm import Session

from app import jobs
from app.audit.erase import take_out as take_out_of_audit
from app.checkout.models import PayLink
from app.clock import business_now, wall_now
from app.customer_desk.family import check_active, lock_family, merged_into
from app.customer_desk.hindrances import Hindrance, hindrances
from app.customer_desk.traces import Of, everybody_s_words, take_out
from app.customers.forget import ERASED_NAME, Words, address_of
from app.customers.models import Customer, CustomerStatus
from app.db import reading, transaction
from app.disputes.files import EvidenceFile
from app.errors import RuleBroken
from app.notifications.models import Channel, Message, MessageStatus
from app.orders.models import Order
from app.timeline import Actor, Entry, Kind, add


@dataclass(frozen=True)
class Erasure:
    """What an erasure would do, or what it still waits for."""

    orders: int
    messages: int
    links: int
    files: int
    merged: int
    hindrances: list[Hindrance]


def plan_erasure(customer: Customer) -> Erasure:
    """What there is of a customer, and what stands in the way."""
    with reading() as session:
        those = merged_into(session, customer.id)
        of = Of([customer.id, *(one.id for one in those)])

        def number(rows: Select[str]) -> int:
            return session.scalar(select(func.count()).select_from(rows.subquery())) or 0

        return Erasure(
            orders=number(of.orders),
            messages=number(of.messages),
            links=number(of.links.where(PayLink.revoked_at.is_(None), PayLink.expires_at > wall_now())),
            files=number(select(EvidenceFile.id).where(EvidenceFile.dispute_id.in_(of.disputes))),
            merged=len(those),
            hindrances=hindrances(session, of.orders),
        )


def erase_customer(customer_id: str, reason: str, actor: Actor) -> Customer:
    """Take the person out of every table. NotFound; RuleBroken while their money still moves."""
    with transaction() as session:
        family = lock_family(session, customer_id)
        customer = family[-1]
        check_active(customer)
        of = Of([one.id for one in family])
        # Orders are locked before their payments, always: nothing is recorded of them from here on.
        session.scalars(select(Order.id).where(Order.id.in_(of.orders)).order_by(Order.id).with_for_update()).all()
        _check_at_rest(session, of)
        words = everybody_s_words(session, family, of)
        take_out(session, of, words)
        _take_out_of_orders(session, of, customer)
        _take_out_of_messages(session, of, words, customer)
        left = take_out_of_audit(session, _subjects(of), prose=words.prose, document=words.document)
        for one in family:
            _forget(session, one, words)
        customer.status, customer.changed_by = CustomerStatus.ERASED, actor.name[:200]
        customer.changed_at, customer.changed_why = business_now(session), words.prose(reason)
        add(
            session,
            Kind.CUSTOMER_ERASED,
            customer.id,
            f"Customer {customer.id} erased",
            actor,
            to_status=CustomerStatus.ERASED,
            data={"reason": customer.changed_why, "left": left},
        )
    return customer


def _check_at_rest(session: Session, of: Of) -> None:
    still = hindrances(session, of.orders)
    if still:
        first = still[0]
        more = f" {len(still) - 1} more like it." if len(still) > 1 else ""
        raise RuleBroken("customer_has_open_money", f"Nothing was erased. Order {first.reference}: {first.why}.{more}")


def _take_out_of_orders(session: Session, of: Of, customer: Customer) -> None:
    address = address_of(customer.id)
    session.execute(
        update(Order)
        .where(Order.customer_id.in_(of.family))
        .values(
            customer_name=ERASED_NAME,
            customer_name_key=ERASED_NAME.lower(),
            customer_email=address,
            customer_email_key=address,
            customer_locale=None,
            context={},
            details={},
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(PayLink)
        .where(PayLink.order_id.in_(of.orders), PayLink.revoked_at.is_(None))
        .values(revoked_at=wall_now())
        .execution_options(synchronize_session=False)
    )


def _take_out_of_messages(session: Session, of: Of, words: Words, customer: Customer) -> None:
    """E-mails are emptied, and not sent where they still wait; callbacks tell of an erased customer from now on."""
    address = address_of(customer.id)
    for message in session.scalars(select(Message).where(Message.id.in_(of.messages)).with_for_update()).all():
        message.last_error = message.last_error and words.prose(message.last_error)
        if message.channel == Channel.CALLBACK:
            message.body = message.body and words.document(message.body)
            continue
        message.recipient, message.recipient_key = address, address
        message.facts, message.language = {}, None
        message.subject = message.body = message.html = None
        if message.status in (MessageStatus.WAITING, MessageStatus.HELD):
            message.status, message.next_try_at, message.ended_at = MessageStatus.DROPPED, None, wall_now()
            jobs.finish(session, message.job_key)
    session.flush()


def _subjects(of: Of) -> Select[str]:
    """What acts on this person's things were about: the entries of their orders' timelines name all of it."""
    told = select(Entry.subject_id).where(Entry.order_id.in_(of.orders))
    known = (told, of.orders, of.payments, of.disputes, select(Customer.id).where(Customer.id.in_(of.family)))
    found = union(*known).subquery()
    return select(found.c[0])


def _forget(session: Session, one: Customer, words: Words) -> None:
    one.email = one.email_key = address_of(one.id)
    one.name, one.name_key = ERASED_NAME, ERASED_NAME.lower()
    one.locale = None
    one.changed_why = one.changed_why and words.prose(one.changed_why)
    session.flush()
