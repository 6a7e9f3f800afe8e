"""What the demo's shop sells, and baskets of it. Coffee, and what one needs for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from app.orders.place import Item


@dataclass(frozen=True)
class Good:
    """`cents` is the price in USD; `weight` how often it is bought, `most` how many of it at once."""

    name: str
    cents: int
    weight: int
    most: int = 1


GOODS = (
    Good("House blend, 1 kg", 2490, 22, 4),
    Good("Ethiopia Guji, 250 g", 1190, 18, 4),
    Good("Colombia Huila, 250 g", 1090, 15, 4),
    Good("Decaf Sumatra, 250 g", 1150, 8, 3),
    Good("Espresso roast, 1 kg", 2690, 16, 3),
    Good("Tasting box, six roasts", 3950, 9, 2),
    Good("Filter papers, 200", 790, 14, 3),
    Good("Stoneware mug", 1650, 12, 6),
    Good("Espresso cups, set of four", 3200, 5),
    Good("Pour-over dripper", 2800, 6),
    Good("Glass carafe", 3400, 4),
    Good("French press", 4200, 5),
    Good("Milk jug", 2100, 4),
    Good("Gooseneck kettle", 8900, 4),
    Good("Hand grinder", 11900, 3),
    Good("Burr grinder", 24900, 2),
    Good("Espresso machine, one group", 64900, 1),
    Good("Gift card", 5000, 5),
    Good("Cleaning tablets, 60", 1390, 6, 2),
    Good("Descaler, 500 ml", 990, 5, 2),
)

_LINES_WEIGHTS = (46, 30, 16, 8)
"""How likely a basket has one, two, three or four lines."""


def _pounds(cents: int) -> int:
    return cents * 17 // 20 // 50 * 50 + 45


def _yen(cents: int) -> int:
    return max(10, cents * 3 // 2 // 10 * 10)


def _fils(cents: int) -> int:
    return max(250, cents * 31 // 10 // 250 * 250)


PRICES: dict[str, Callable[[int], int]] = {
    "USD": lambda cents: cents,
    "EUR": lambda cents: cents,
    "GBP": _pounds,
    "JPY": _yen,
    "KWD": _fils,
}
"""Minor units of each currency for a price in USD cents: a price list, not a rate of exchange."""


def basket(chance: Random, currency: str) -> list[Item]:
    """One to four lines, no good twice, priced in minor units of `currency`."""
    lines = chance.choices((1, 2, 3, 4), _LINES_WEIGHTS)[0]
    chosen: list[Good] = []
    while len(chosen) < lines:
        good = chance.choices(GOODS, [good.weight for good in GOODS])[0]
        if good not in chosen:
            chosen.append(good)
    return [Item(good.name, _quantity(chance, good), PRICES[currency](good.cents)) for good in chosen]


def _quantity(chance: Random, good: Good) -> int:
    """Mostly one; each further one is a third as likely."""
    quantity = 1
    while quantity < good.most and chance.randrange(3) == 0:
        quantity += 1
    return quantity
