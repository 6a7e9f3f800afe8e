"""What each e-mail says, in the customer's language: its subject, its sentences, its facts and where it leads."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.languages import Language, why_declined
from app.money import Money
from app.words import NETWORKS


class MailKind(enum.StrEnum):
    """What a customer is told."""

    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTED = "disputed"
    PAY_LINK = "pay_link"


@dataclass(frozen=True)
class Facts:
    """What a letter is written of; all of it is kept with the message."""

    merchant: str
    customer: str
    reference: str
    amount_minor: int
    currency: str
    at: datetime
    card_network: str | None = None
    card_last4: str | None = None
    decline_code: str | None = None
    items: list[dict[str, Any]] = field(default_factory=list)
    pay_until: str | None = None
    """Until when the link in the letter works, in ISO 8601."""
    pay_link_id: str | None = None
    """The one link that a person had mailed; where there is none, the letter gets one that works."""
    is_for_another: bool = False
    """Goes to an address that is not the customer's: it leads to this order and to nothing else of theirs."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def kept(self) -> dict[str, Any]:
        """As the message's row holds it."""
        return {**self.__dict__, "at": self.at.isoformat()}

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Facts:
        """Out of the message's row."""
        return cls(**{**kept, "at": datetime.fromisoformat(kept["at"])})


@dataclass(frozen=True)
class Links:
    """Where a letter may lead; None where there is no such page for this order now."""

    pay: str | None = None
    history: str | None = None


@dataclass(frozen=True)
class Letter:
    """An e-mail before it is laid out."""

    subject: str
    heading: str
    paragraphs: list[str]
    facts: list[tuple[str, str]]
    button: tuple[str, str] | None = None
    after: list[str] = field(default_factory=list)
    items: list[tuple[str, str]] = field(default_factory=list)


def compose(kind: MailKind, facts: Facts, language: Language, links: Links) -> Letter:
    """The letter of this kind."""
    return _KINDS[kind](facts, language, links)


def _paid(facts: Facts, language: Language, _links: Links) -> Letter:
    say = language.say
    amount = language.money(facts.amount)
    return Letter(
        say("Payment received for order {reference}", reference=facts.reference),
        say("Thank you. You paid {amount}.", amount=amount),
        [say("{merchant} has received your payment.", merchant=facts.merchant)],
        _rows(facts, language),
        after=[say("Keep this e-mail as your receipt.")],
        items=_items(facts, language),
    )


def _failed(facts: Facts, language: Language, links: Links) -> Letter:
    say = language.say
    amount = language.money(facts.amount)
    why = why_declined(language, facts.decline_code)
    told = [why.words, why.next_step] if facts.decline_code else [say("You can simply try again.")]
    button = (say("Pay {amount}", amount=amount), links.pay) if links.pay else None
    return Letter(
        say("Your payment for order {reference} did not go through", reference=facts.reference),
        say("Your payment of {amount} did not go through", amount=amount),
        [say("No money was taken."), *told],
        _rows(facts, language),
        button,
        [] if button else [say("To pay in another way, please write to {merchant}.", merchant=facts.merchant)],
    )


def _refunded(facts: Facts, language: Language, _links: Links) -> Letter:
    say = language.say
    amount = language.money(facts.amount)
    return Letter(
        say("Your refund for order {reference}", reference=facts.reference),
        say("{amount} is on its way back to you", amount=amount),
        [
            say("{merchant} has refunded it to the card that you paid with.", merchant=facts.merchant),
            say("When you see it depends on your bank: usually within 5 to 10 days."),
        ],
        _rows(facts, language),
    )


def _refund_failed(facts: Facts, language: Language, _links: Links) -> Letter:
    say = language.say
    amount = language.money(facts.amount)
    return Letter(
        say("Your refund for order {reference} did not arrive", reference=facts.reference),
        say("Your refund of {amount} did not arrive", amount=amount),
        [
            say("The bank behind your card did not accept it, so the money is still with {merchant}.",
                merchant=facts.merchant),
            say("{merchant} will find another way and write to you. You need not do anything.",
                merchant=facts.merchant),
        ],
        _rows(facts, language),
    )  # fmt: skip


def _disputed(facts: Facts, language: Language, _links: Links) -> Letter:
    say = language.say
    amount = language.money(facts.amount)
    return Letter(
        say("About your dispute for order {reference}", reference=facts.reference),
        say("Your bank told us that you dispute {amount}", amount=amount),
        [
            say("Your bank decides about it, and that can take some weeks."),
            say("If it was a mistake, or something can be put right, please write to {merchant}.",
                merchant=facts.merchant),
        ],
        _rows(facts, language),
        items=_items(facts, language),
    )  # fmt: skip


def _pay_link(facts: Facts, language: Language, links: Links) -> Letter:
    say = language.say
    amount = language.money(facts.amount)
    until = facts.pay_until and language.day(datetime.fromisoformat(facts.pay_until))
    return Letter(
        say("Please pay order {reference}", reference=facts.reference),
        say("{amount} to pay", amount=amount),
        [
            say("{merchant} has prepared your order. Pay it on a safe page of its own.", merchant=facts.merchant),
        ],
        _rows(replace(facts, card_last4=None), language),  # a card that was tried before has no place here
        (say("Pay {amount}", amount=amount), links.pay) if links.pay else None,
        [
            *([say("The link works until {day}.", day=until)] if until else []),
            say("The link is yours alone: please do not pass it on."),
        ],
        items=_items(facts, language),
    )


_KINDS: dict[MailKind, Callable[[Facts, Language, Links], Letter]] = {
    MailKind.PAID: _paid,
    MailKind.FAILED: _failed,
    MailKind.REFUNDED: _refunded,
    MailKind.REFUND_FAILED: _refund_failed,
    MailKind.DISPUTED: _disputed,
    MailKind.PAY_LINK: _pay_link,
}


def _rows(facts: Facts, language: Language) -> list[tuple[str, str]]:
    say = language.say
    found = [(say("Order"), facts.reference), (say("Amount"), language.money(facts.amount))]
    if facts.card_last4:
        network = NETWORKS.get(facts.card_network or "", facts.card_network or "")
        found.append((say("Card"), say("{network} ending in {last4}", network=network, last4=facts.card_last4)))
    return [*found, (say("Date"), language.day(facts.at))]


def _items(facts: Facts, language: Language) -> list[tuple[str, str]]:
    return [
        (
            f"{item['quantity']} × {item['name']}",  # noqa: RUF001 - the sign between number and thing
            language.money(Money(item["quantity"] * item["unit_amount"], facts.currency)),
        )
        for item in facts.items
    ]
