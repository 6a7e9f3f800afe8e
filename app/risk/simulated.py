"""A rule tried on simulated months, where all fraud is known: payments as the simulator makes them, seen as this desk
would see them, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle

from app.money import MAX_AMOUNT_MINOR
from app.orders.models import Order
from app.risk.facts import Subject, gather
from app.risk.fields import LONGEST
from app.risk.language import Condition, Lists
from app.risk.models import Assessment
from app.risk.past import PastInMemory
from app.risk.tried import Tried
from fraud_model import Model, scores_of
from fraud_model.past import columns
from fraud_model.places import CENTS
from fraud_model.simulator import Scenario, simulate
from fraud_model.simulator.rows import rows
from fraud_model.table import Floats, Table

PAYMENTS, TESTED_DAYS, SEED = 50_000, 60, 4_711
"""The same months each time, so that rules can be compared; nothing was learned from them."""
USUAL_CURRENCY = "USD"
UNKNOWN = frozenset({"card.network", "card.funding", "card.bin"})
"""Fields that simulated payments do not have."""
MADE_UP = frozenset({"card.fingerprint", "email.address", "ip.address", "device.id", "merchant"})
"""Fields whose values nobody has written into a list or a rule."""
_TOLD_EACH = 1_000

Progress = Callable[[str, int, int], None]


def try_on_simulated(condition: Condition, model: Model, lists: Lists, progress: Progress) -> Tried:
    """What the condition would do in two months, after as many days as it may look back on."""
    days = LONGEST.days + TESTED_DAYS
    progress("simulating", 0, 1)
    simulation = simulate(PAYMENTS, days, SEED)
    scores = None
    if ("score", None) in condition.needs:
        progress("scoring", 0, 1)
        scores = scores_of(_log_odds(model, simulation.table))
    tested = set(simulation.rows(LONGEST.days, days).tolist())
    tried, past = Tried(TESTED_DAYS), PastInMemory()
    needs = condition.needs - {("score", None)}
    scenario = simulation.scenario.tolist()
    for index, row in enumerate(_assessments(simulation.table, condition)):
        if index in tested:
            subject = _subject(row, past)
            facts = gather(past, subject, needs)
            facts["score", None] = None if scores is None else Decimal(int(scores[index]))
            kind = Scenario(scenario[index])
            is_fraud = kind is not Scenario.GENUINE
            is_hit = condition.holds(facts, lists)
            tried.count(row.amount, is_hit=is_hit, is_fraud=is_fraud, kind=kind.words if is_fraud else None)
        past.add(row)
        if index % _TOLD_EACH == 0:
            progress("going through payments", index, len(scenario))
    tried.kinds = dict(sorted(tried.kinds.items()))
    return tried


def _log_odds(model: Model, table: Table) -> Floats:
    found = columns(table)
    return model.log_odds({name: found[name] for name in model.features})


def _assessments(table: Table, condition: Condition) -> Iterator[Assessment]:
    """Each payment as a row that was never written. Every card pays in one of the currencies that the rule asks for."""
    currencies = cycle(sorted(condition.currencies) or [USUAL_CURRENCY])
    of_card: dict[str, str] = {}
    declined = (table.declined_at - table.at < _soon()).tolist()
    for number, (payment, _news) in enumerate(rows(table)):
        currency = of_card.get(payment.card) or of_card.setdefault(payment.card, next(currencies))
        # Without device, address and e-mail told, an order still has a customer with an e-mail address.
        email = payment.email or f"{payment.card}@simulated.example"
        yield Assessment(
            order_id=payment.id,
            customer_id=email,
            merchant_id=payment.merchant or "",
            created_at=datetime.fromtimestamp(payment.at // 1000, UTC),
            amount_minor=_in(payment.cents, currency),
            currency=currency,
            card_fingerprint=payment.card,
            card={"country": payment.card_country},
            email_key=email,
            ip=payment.ip,
            ip_country=payment.ip_country,
            device_id=payment.device,
            was_declined=declined[number],
        )


def _soon() -> int:
    return timedelta(hours=1) // timedelta(milliseconds=1)


def _in(cents: int, currency: str) -> int:
    """What so many cents of the simulator's currency are in another, at its fixed, rough rates."""
    amount = int(Decimal(cents) / Decimal(str(CENTS.get(currency, 1.0))))
    return min(max(amount, 1), MAX_AMOUNT_MINOR)


def _subject(row: Assessment, past: PastInMemory) -> Subject:
    order = Order(
        reference=row.order_id,
        customer_name=row.customer_id,
        customer_email=row.customer_id,
        customer_email_key=row.email_key,
        amount_minor=row.amount_minor,
        currency=row.currency,
        customer_id=row.customer_id,
        context={"ip": row.ip, "ip_country": row.ip_country, "device_id": row.device_id},
    )
    card = {"country": row.card["country"], "fingerprint": row.card_fingerprint}
    since = past.began("customer", row.customer_id) or row.created_at
    return Subject(order, card, row.created_at, row.merchant_id, since)
