"""Parts of a sum that add up to it, in whole minor units."""

from __future__ import annotations

from collections.abc import Sequence


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` by `weights`, by largest remainder; the earlier part wins a tie. No part is more than its weight's due,
    rounded up, so where `amount` is at most the sum of the weights, no part is more than its weight."""
    total = sum(weights)
    assert total > 0, "something must be weighed"
    parts, remainders = [], []
    for weight in weights:
        part, remainder = divmod(amount * weight, total)
        parts.append(part)
        remainders.append(remainder)
    by_loss = sorted(range(len(parts)), key=lambda place: -remainders[place])
    for place in by_loss[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def share_of(amount: int, basis_points: int) -> int:
    """So many hundredths of a percent of `amount`, rounded once, half up."""
    return (2 * amount * basis_points + 10_000) // 20_000
