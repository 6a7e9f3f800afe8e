"""Carry planned orders out by the verbs that screens and API use. Each act has its key: done again, it is one act."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from app.approvals import Approval, ApprovalStatus
from app.approvals.decide import decide_approval
from app.checkout.links import mail_pay_link
from app.checkout.mailing import Wish
from app.db import reading
from app.demo.guards import write_rules
from app.demo.plan import Moment
from app.demo.staff import STAFF, hire_staff, second_to
from app.demo.stories import Act, Cancel, Capture, Confirm, MailLink, Pay, Refund
from app.errors import GatewayUnavailable, RuleBroken
from app.gateway import gateway
from app.money import Money
from app.orders.place import place_order
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.cancel import cancel_order
from app.payments.capture import capture_payment
from app.payments.models import Payment
from app.payments.queries import get_payment, payments_of
from app.payments.refund import refund_or_ask
from app.payments.sync import sync_payment
from app.timeline import Actor, ActorKind

log = structlog.get_logger("demo")

SHOP = Actor(ActorKind.ORDER_SERVICE, "Web shop")
WAREHOUSE = Actor(ActorKind.ORDER_SERVICE, "Warehouse")
_TRIES = 5


class Player:
    """Plays moments in order. `tell` is told how many are done; `stop` ends it between two of them."""

    def __init__(self, stop: threading.Event, tell: Callable[[int], None]) -> None:
        self._stop = stop
        self._tell = tell
        self._orders: dict[int, str] = {}
        self._taken_over: set[int] = set()

    def play(self, moments: Sequence[Moment], set_clock: Callable[[datetime], None]) -> bool:
        """Whether all was played. Raises GatewayUnavailable, GatewayRefused; what was done until then stands."""
        hire_staff()
        write_rules()
        for done, moment in enumerate(moments):
            if self._stop.is_set():
                return False
            self._tell(done)
            set_clock(moment.at)
            if moment.order.number not in self._taken_over:
                self._do(moment)
        self._tell(len(moments))
        return True

    def _do(self, moment: Moment) -> None:
        try:
            if moment.act is None:
                order = place_order(moment.order.new, SHOP, request_key=_key(moment))
                self._orders[moment.order.number] = order.id
            else:
                self._act(moment, moment.act)
        except RuleBroken as broken:  # a person, or a rule, was quicker
            log.debug("the story ends here", reference=moment.order.new.reference, reason=broken.detail)
            self._taken_over.add(moment.order.number)

    def _act(self, moment: Moment, act: Act) -> None:
        order_id = self._orders[moment.order.number]
        for _ in range(_TRIES):
            payment = _perform(order_id, moment, act)
            if payment is None or payment.open_attempt_now() is None:
                return
        raise GatewayUnavailable(f"The gateway does not answer what was asked for {moment.order.new.reference}.")


def _key(moment: Moment) -> str:
    return f"demo:{moment.order.new.reference}:{moment.step}"


def _perform(order_id: str, moment: Moment, act: Act) -> Payment | None:
    """Do one act, or find it done; the payment that it was about."""
    key, person = _key(moment), STAFF[moment.order.number % len(STAFF)]
    if isinstance(act, Pay):
        return authorize_payment(
            order_id, PaymentRequest(test_card=act.card, capture=act.capture), SHOP, request_key=key
        )
    if isinstance(act, Cancel):
        cancel_order(order_id, act.reason, person, request_key=key)
        return None
    if isinstance(act, MailLink):
        mail_pay_link(order_id, Wish(), person, key)
        return None
    payment = _newest_payment(order_id)
    if isinstance(act, Capture):
        amount = _money(act.amount_minor, payment)
        return capture_payment(payment.id, amount, WAREHOUSE, final=act.final, request_key=key)
    if isinstance(act, Refund):
        amount = _money(act.amount_minor, payment)
        done = refund_or_ask(payment.id, amount, person, reason=act.reason, note=act.note, request_key=key)
        return _approved(done, person) if isinstance(done, Approval) else done
    if isinstance(act, Confirm) and payment.challenge_url is not None:
        gateway().decide_challenge(payment.challenge_url, act.decision)
    return sync_payment(payment.id)


def _approved(approval: Approval, asker: Actor) -> Payment:
    """What a second person agreed to; decided once, however often the story is begun again."""
    if approval.state is ApprovalStatus.ASKED:
        decide_approval(approval.id, approve=True, reason="Checked against the order", actor=second_to(asker))
    return get_payment(approval.subject_id)


def _money(amount_minor: int | None, payment: Payment) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, payment.currency)


def _newest_payment(order_id: str) -> Payment:
    with reading() as session:
        return payments_of(session, order_id)[0]
