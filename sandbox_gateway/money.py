"""Amounts as people read them. Digits come from ISO 4217 itself."""

from sandbox_gateway.fields import DIGITS


def show_amount(amount: int, currency: str) -> str:
    """`19.99 USD`, `500 JPY`, `1.234 KWD`."""
    digits = DIGITS[currency]
    if digits == 0:
        return f"{amount} {currency}"
    whole, part = divmod(amount, 10**digits)
    return f"{whole}.{part:0{digits}d} {currency}"
