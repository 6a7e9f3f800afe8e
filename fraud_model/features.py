"""The one definition of the features. It runs on floats for a payment that waits, and on columns for a million of the
past: only what `History` answers differs, and the replay test holds the two to the same numbers."""

from __future__ import annotations

from typing import Any, Final, Protocol

from fraud_model.times import DAY, HOUR

Value = Any
"""A float online; in batch an array with one float per payment. NaN where nothing is known."""

PRIOR_CENTS: Final = 5_000.0
PRIOR_WEIGHT: Final = 2.0
"""A party without payments is taken for one that usually pays 50.00, as sure of it as after two payments."""

SPIKE: Final = 3.0
"""An amount so many times the usual one is out of the ordinary."""

_SHARE_WEIGHT: Final = 50.0
_FEW: Final = 5.0


class Facts(Protocol):
    """What the payment says about itself."""

    cents: Value
    hour: Value
    weekend: Value
    disposable: Value
    country_mismatch: Value


class Party(Protocol):
    """What is known of one party's past when the payment comes. Windows reach back from then, in milliseconds."""

    def count(self, window: int) -> Value:
        """Payments."""

    def cents(self, window: int) -> Value:
        """What they came to."""

    def declines(self, window: int) -> Value:
        """Refusals of the issuer."""

    def frauds(self, window: int) -> Value:
        """Payments that we were told in that time were fraud."""


class Card(Party, Protocol):
    """The card, with what it usually does."""

    def ordinary_count(self) -> Value:
        """Payments without spikes, of the days kept."""

    def usual_cents(self) -> Value:
        """Their mean, shrunk to the prior."""

    def spikes(self, window: int) -> Value:
        """Payments far above what had been usual."""

    def quiet(self) -> Value:
        """Milliseconds since the payment before."""


class Merchant(Party, Protocol):
    """The merchant, with what became known about its payments of ordinary amounts."""

    def usual_cents(self) -> Value:
        """The mean of all its payments, shrunk to the prior."""

    def cleared(self, window: int) -> Value:
        """Payments about which nobody had complained for long enough, in that time."""

    def run(self) -> Value:
        """Frauds we were told of since a payment was last cleared."""

    def run_age(self) -> Value:
        """Milliseconds since the first payment of that run."""

    def cleared_age(self) -> Value:
        """Milliseconds since the payment that was cleared last."""

    def first_fraud_age(self) -> Value:
        """Milliseconds since the payment of the first fraud told in the days kept."""

    def last_fraud_age(self) -> Value:
        """Milliseconds since the payment of the last fraud told in the days kept."""


class Shared(Party, Protocol):
    """A device, an e-mail address or an IP address, with the cards that it brings."""

    def new_cards(self, window: int) -> Value:
        """Cards it had not shown before, this payment's included."""


class Domain(Protocol):
    """An e-mail domain."""

    def frauds(self, window: int) -> Value:
        """Payments that we were told in that time were fraud."""

    def cleared(self, window: int) -> Value:
        """Payments cleared in that time."""


class History(Protocol):
    """Everybody's past."""

    card: Card
    merchant: Merchant
    device: Shared
    email: Shared
    ip: Shared
    domain: Domain
    card_age: Value
    """Milliseconds since the card was first seen, of the days kept; 0 when it is new."""
    device_age: Value
    """Since it was first seen on this device."""
    country_age: Value
    """Since it was first used from this country."""

    def where(self, condition: Value, yes: Value, no: Value) -> Value:
        """One or the other."""


def features(facts: Facts, history: History) -> dict[str, Value]:
    """Every feature by its name."""
    card, merchant, where = history.card, history.merchant, history.where
    device, email, ip, domain = history.device, history.email, history.ip, history.domain
    amount = facts.cents / 100
    usual, price = card.usual_cents(), merchant.usual_cents()
    week, month = merchant.count(7 * DAY), merchant.count(30 * DAY)
    week_frauds, month_frauds = merchant.frauds(7 * DAY), merchant.frauds(30 * DAY)
    domain_frauds = domain.frauds(30 * DAY)
    return {
        "amount": amount,
        "amount_tail": tail(facts.cents, where) / 100,
        "hour": facts.hour,
        "night": where(facts.hour < 6, 1.0, 0.0),
        "weekend": facts.weekend,
        "card_payments_1h": card.count(HOUR),
        "card_payments_1d": card.count(DAY),
        "card_payments_7d": card.count(7 * DAY),
        "card_payments_30d": card.count(30 * DAY),
        "card_spent_1d": card.cents(DAY) / usual,
        "card_spent_7d": card.cents(7 * DAY) / usual,
        "card_usual": usual / 100,
        "card_ratio": facts.cents / usual,
        "card_ordinary": card.ordinary_count(),
        "card_spikes_1d": card.spikes(DAY),
        "card_spikes_3d": card.spikes(3 * DAY),
        "card_spikes_7d": card.spikes(7 * DAY),
        "card_spikes_14d": card.spikes(14 * DAY),
        "card_quiet_hours": card.quiet() / HOUR,
        "card_declines_1d": card.declines(DAY),
        "card_frauds_30d": card.frauds(30 * DAY),
        "card_age_days": history.card_age / DAY,
        "card_device_days": history.device_age / DAY,
        "card_country_days": history.country_age / DAY,
        "country_mismatch": facts.country_mismatch,
        "merchant_payments_1d": merchant.count(DAY),
        "merchant_payments_7d": week,
        "merchant_payments_30d": month,
        "merchant_ratio": facts.cents / price,
        "card_merchant_ratio": facts.cents * PRIOR_CENTS / usual / price,
        "merchant_declines_1d": merchant.declines(DAY),
        "merchant_frauds_1d": merchant.frauds(DAY),
        "merchant_frauds_7d": week_frauds,
        "merchant_frauds_30d": month_frauds,
        "merchant_fraud_share_7d": week_frauds / (week + _FEW),
        "merchant_fraud_share_30d": month_frauds / (month + _FEW),
        "merchant_cleared_1d": merchant.cleared(DAY),
        "merchant_cleared_7d": merchant.cleared(7 * DAY),
        "merchant_cleared_30d": merchant.cleared(30 * DAY),
        "merchant_run": merchant.run(),
        "merchant_run_days": merchant.run_age() / DAY,
        "merchant_cleared_days": merchant.cleared_age() / DAY,
        "merchant_first_fraud_days": merchant.first_fraud_age() / DAY,
        "merchant_last_fraud_days": merchant.last_fraud_age() / DAY,
        "device_payments_1h": device.count(HOUR),
        "device_payments_1d": device.count(DAY),
        "device_new_cards_1d": device.new_cards(DAY),
        "device_new_cards_30d": device.new_cards(30 * DAY),
        "device_declines_1d": device.declines(DAY),
        "device_frauds_30d": device.frauds(30 * DAY),
        "email_payments_1d": email.count(DAY),
        "email_new_cards_1d": email.new_cards(DAY),
        "email_frauds_30d": email.frauds(30 * DAY),
        "email_disposable": facts.disposable,
        "domain_fraud_share_30d": domain_frauds / (domain_frauds + domain.cleared(30 * DAY) + _SHARE_WEIGHT),
        "ip_payments_1h": ip.count(HOUR),
        "ip_payments_1d": ip.count(DAY),
        "ip_new_cards_1d": ip.new_cards(DAY),
        "ip_declines_1d": ip.declines(DAY),
        "ip_frauds_30d": ip.frauds(30 * DAY),
    }


def shrunk(cents: Value, count: Value) -> Value:
    """A mean that few payments move little."""
    return (cents + PRIOR_WEIGHT * PRIOR_CENTS) / (count + PRIOR_WEIGHT)


def tail(cents: Value, where: Any) -> Value:
    """Amounts from 100.00 on to two digits, so that the learner's bins keep far and rare ones apart."""
    tens = cents // 1_000 * 1_000
    hundreds = where(cents < 1_000_000, cents // 10_000 * 10_000, 1_000_000)
    return where(cents < 10_000, 0, where(cents < 100_000, tens, hundreds))
