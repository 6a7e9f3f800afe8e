"""Common stories of a payment: each fills the form of a test order, and says what is to be done with it then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wtforms import BooleanField, HiddenField

from app.merchants.models import Merchant
from app.orders.forms import NewOrderForm
from app.payments.cards import Catalogue


@dataclass(frozen=True)
class Story:
    """What it is called, what happens, what comes next, and what the form is filled with."""

    title: str
    icon: str
    words: str
    then: str
    test_card: str = "visa_success"
    capture: str = "manual"
    item: tuple[str, str] = ("Coffee beans, 1 kg", "49.90")
    loses_answer: bool = False


STORIES = {
    "plain": Story(
        "A plain payment",
        "credit-card",
        "The bank says yes and holds the money. Nothing has moved yet.",
        "Capture it: until then the money is only held.",
    ),
    "declined": Story(
        "Declined, then paid",
        "circle-x",
        "There is not enough money on the first card. The order stays, and is paid with another.",
        "Choose Pay again, and another card.",
        test_card="visa_insufficient_funds",
    ),
    "challenge": Story(
        "3-D Secure challenge",
        "shield-check",
        "The bank asks the customer to confirm on its own page, before it says yes.",
        "Continue to 3-D Secure, and decide there as the customer would.",
        test_card="visa_challenge",
    ),
    "lost": Story(
        "Lost answer",
        "unplug",
        "The money moves, and the answer does not arrive. The desk does not guess: it asks again with the same"
        " idempotency key until it knows, and nobody is charged twice.",
        "Stay on this page: within some ten seconds it knows what happened, by itself.",
        capture="automatic",
        loses_answer=True,
    ),
    "parts": Story(
        "Captured in parts",
        "scissors",
        "The whole sum is held, and taken bit by bit as parcels leave the house.",
        "Capture a part of it, then another. The last capture releases what is left.",
        item=("Coffee machine", "120.00"),
    ),
    "refunded": Story(
        "Refunded",
        "undo-2",
        "The money is taken at once, and some or all of it goes back.",
        "Choose Refund: a part, then the rest.",
        capture="automatic",
    ),
}


class TestOrderForm(NewOrderForm):
    """A test order that may play a story."""

    __test__ = False  # no test class, whatever pytest makes of the name

    story = HiddenField()
    loses_answer = BooleanField("Lose the answer to this payment")

    def __init__(self, merchants: list[Merchant], cards: Catalogue | None, **values: Any) -> None:
        super().__init__(merchants, **values)
        self.offer(cards.choices if cards else None)
        self.knows_cards = cards is not None
        self.stories = cards.stories if cards else {}

    def play(self, name: str) -> None:
        """Fill in what the story needs; a name that is none changes nothing."""
        story = STORIES.get(name)
        if story is None:
            return
        self.story.data = name
        if story.test_card in {card for group in self.test_card.choices.values() for card, _ in group}:
            self.test_card.data = story.test_card
        self.capture.data = story.capture
        self.loses_answer.data = story.loses_answer
        first: Any = self.items[0].form
        first.name.data, first.unit_price.data = story.item

    def played(self) -> Story | None:
        """The story that the form tells, if it tells one."""
        return STORIES.get(self.story.data or "")
