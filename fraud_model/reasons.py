"""Why a score is what it is, in words: each feature belongs to a topic, and a topic's share is told by the feature that
brought most of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fraud_model.table import Floats

Words = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Reason:
    """`points` of the score, above zero if it raised it."""

    topic: str
    feature: str
    value: float | None
    """None where nothing was known."""
    points: float
    text: str


def _counted(one: str, many: str) -> Words:
    return lambda value: f"no {many}" if value == 0 else f"1 {one}" if value == 1 else f"{value:,.0f} {many}"


def _payments(where: str) -> Words:
    return _counted(f"earlier payment {where}", f"earlier payments {where}")


def _high_amounts(when: str) -> Words:
    return _counted(f"high amount on this card {when}", f"high amounts on this card {when}")


def _cleared(when: str) -> Words:
    return _counted(f"payment cleared at this merchant {when}", f"payments cleared at this merchant {when}")


def _new_cards(where: str) -> Words:
    return _counted(f"new card {where}", f"new cards {where}")


def _frauds(where: str) -> Words:
    return _counted(f"confirmed fraud {where}", f"confirmed frauds {where}")


def _declines(where: str) -> Words:
    return _counted(f"decline {where}", f"declines {where}")


def _times(what: str) -> Words:
    return lambda value: f"{value:.1f}x {what}"


def _share(of: str) -> Words:
    return lambda share: f"confirmed frauds came to {share:.1%} of {of}"


def _flag(yes: str, no: str) -> Words:
    return lambda value: yes if value else no


def _span(days: float) -> str:
    if days >= 2:
        return f"{days:.0f} days"
    return f"{days * 24:.0f} hours" if days * 24 >= 2 else f"{max(days * 1440, 1):.0f} min"


def _ago(what: str) -> Words:
    return lambda days: f"{what} {_span(days)} ago"


def _known(what: str, seen: str) -> Words:
    return lambda days: f"{what} was first {seen} {_span(days)} ago" if days else f"{what} was never {seen} before"


def _money(what: str) -> Words:
    return lambda value: f"{what} {value:,.2f} USD"


def _clock(value: float) -> str:
    return f"paid at {int(value):02}:{int(value % 1 * 60):02} where the card comes from"


def _tail(value: float) -> str:
    return f"an amount of {value:,.0f} USD or more" if value else "an amount below 100 USD"


WORDS: Final[dict[str, tuple[str, Words]]] = {
    "amount": ("amount", _money("an amount of")),
    "amount_tail": ("amount", _tail),
    "hour": ("time", _clock),
    "night": ("time", _flag("paid at night", "paid by day")),
    "weekend": ("time", _flag("paid at the weekend", "paid on a weekday")),
    "card_payments_1h": ("card", _payments("with this card within an hour")),
    "card_payments_1d": ("card", _payments("with this card within a day")),
    "card_payments_7d": ("card", _payments("with this card in 7 days")),
    "card_payments_30d": ("card", _payments("with this card in 30 days")),
    "card_spent_1d": ("card", _times("this card's usual amount already spent within a day")),
    "card_spent_7d": ("card", _times("this card's usual amount already spent in 7 days")),
    "card_usual": ("amount", _money("this card's usual amount is")),
    "card_ratio": ("amount", _times("this card's usual amount")),
    "card_ordinary": ("card", _payments("of ordinary amounts with this card")),
    "card_spikes_1d": ("spikes", _high_amounts("within a day")),
    "card_spikes_3d": ("spikes", _high_amounts("in 3 days")),
    "card_spikes_7d": ("spikes", _high_amounts("in 7 days")),
    "card_spikes_14d": ("spikes", _high_amounts("in 14 days")),
    "card_quiet_hours": ("card", lambda hours: _ago("this card was used")(hours / 24)),
    "card_declines_1d": ("declines", _declines("of this card within a day")),
    "card_frauds_30d": ("card frauds", _frauds("with this card in 30 days")),
    "card_age_days": ("card", _known("this card", "seen")),
    "card_device_days": ("device", _known("this device", "seen with this card")),
    "card_country_days": ("country", _known("this country", "seen with this card")),
    "country_mismatch": ("country", _flag("paid from abroad", "paid from the card's own country")),
    "merchant_payments_1d": ("merchant", _payments("at this merchant within a day")),
    "merchant_payments_7d": ("merchant", _payments("at this merchant in 7 days")),
    "merchant_payments_30d": ("merchant", _payments("at this merchant in 30 days")),
    "merchant_ratio": ("amount", _times("this merchant's usual amount")),
    "card_merchant_ratio": ("amount", _times("what this card would usually pay at this merchant")),
    "merchant_declines_1d": ("merchant declines", _declines("at this merchant within a day")),
    "merchant_frauds_1d": ("merchant frauds", _frauds("at this merchant within a day")),
    "merchant_frauds_7d": ("merchant frauds", _frauds("at this merchant in 7 days")),
    "merchant_frauds_30d": ("merchant frauds", _frauds("at this merchant in 30 days")),
    "merchant_fraud_share_7d": ("merchant frauds", _share("payments at this merchant in 7 days")),
    "merchant_fraud_share_30d": ("merchant frauds", _share("payments at this merchant in 30 days")),
    "merchant_cleared_1d": ("merchant frauds", _cleared("within a day")),
    "merchant_cleared_7d": ("merchant frauds", _cleared("in 7 days")),
    "merchant_cleared_30d": ("merchant frauds", _cleared("in 30 days")),
    "merchant_run": ("merchant frauds", _frauds("in a row at this merchant")),
    "merchant_run_days": ("merchant frauds", _ago("frauds in a row at this merchant began")),
    "merchant_cleared_days": ("merchant frauds", _ago("the last payment cleared at this merchant was made")),
    "merchant_first_fraud_days": ("merchant frauds", _ago("the first confirmed fraud at this merchant was made")),
    "merchant_last_fraud_days": ("merchant frauds", _ago("the last confirmed fraud at this merchant was made")),
    "device_payments_1h": ("device", _payments("on this device within an hour")),
    "device_payments_1d": ("device", _payments("on this device within a day")),
    "device_new_cards_1d": ("device", _new_cards("on this device within a day")),
    "device_new_cards_30d": ("device", _new_cards("on this device in 30 days")),
    "device_declines_1d": ("declines", _declines("on this device within a day")),
    "device_frauds_30d": ("device", _frauds("on this device in 30 days")),
    "email_payments_1d": ("e-mail", _payments("with this e-mail address within a day")),
    "email_new_cards_1d": ("e-mail", _new_cards("with this e-mail address within a day")),
    "email_frauds_30d": ("e-mail", _frauds("with this e-mail address in 30 days")),
    "email_disposable": ("e-mail", _flag("a disposable e-mail address", "no disposable e-mail address")),
    "domain_fraud_share_30d": ("e-mail", lambda share: f"{share:.1%} frauds at this e-mail domain in 30 days"),
    "ip_payments_1h": ("IP address", _payments("from this IP address within an hour")),
    "ip_payments_1d": ("IP address", _payments("from this IP address within a day")),
    "ip_new_cards_1d": ("IP address", _new_cards("from this IP address within a day")),
    "ip_declines_1d": ("declines", _declines("from this IP address within a day")),
    "ip_frauds_30d": ("IP address", _frauds("from this IP address in 30 days")),
}  # fmt: skip
"""Each feature's topic and words."""

_UNKNOWN: Final = {
    "card": "nothing known of this card yet",
    "merchant": "no merchant was told",
    "merchant declines": "no merchant was told",
    "merchant frauds": "nothing known of this merchant's payments yet",
    "device": "no device was told",
    "e-mail": "no e-mail address was told",
    "IP address": "no IP address was told",
    "country": "no country was told",
    "amount": "no merchant was told",
    "declines": "no device or IP address was told",
}


class Topics:
    """The features of one model, by what they are about."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = features
        topics = [WORDS[name][0] for name in features]
        self._names = sorted(set(topics))
        self._of_feature = np.array([self._names.index(topic) for topic in topics])
        self._members = [[at for at, topic in enumerate(topics) if topic == name] for name in self._names]

    def reasons(self, shares: Floats, values: Sequence[float], *, most: int = 3) -> tuple[Reason, ...]:
        """The topics that moved the score most, those first that moved it the way it went as a whole. `shares` and
        `values` are in the features' order."""
        sums: list[float] = np.bincount(self._of_feature, shares, len(self._names)).tolist()
        way = 1 if sum(sums) >= 0 else -1
        chosen = sorted(range(len(sums)), key=lambda topic: (sums[topic] * way <= 0, -abs(sums[topic])))[:most]
        moved: list[float] = shares.tolist()
        return tuple(self._reason(topic, sums[topic], moved, values) for topic in chosen)

    def _reason(self, topic: int, points: float, shares: list[float], values: Sequence[float]) -> Reason:
        way = 1 if points >= 0 else -1
        place = max(self._members[topic], key=lambda at: shares[at] * way)
        name, value = self._features[place], values[place]
        if math.isnan(value):
            return Reason(self._names[topic], name, None, points, _UNKNOWN[self._names[topic]])
        return Reason(self._names[topic], name, value, points, WORDS[name][1](value))
