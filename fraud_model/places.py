"""What currencies, countries and e-mail domains tell without any history. Rough on purpose, and fixed: thresholds that
were learned must mean the same tomorrow."""

from __future__ import annotations

from typing import Final

from fraud_model.times import HOUR

CENTS: Final = {
    "AED": 0.27, "ARS": 0.001, "AUD": 0.66, "BGN": 0.56, "BHD": 0.265, "BRL": 0.18, "CAD": 0.73, "CHF": 1.12,
    "CLP": 0.11, "CNY": 0.14, "COP": 0.00024, "CZK": 0.043, "DKK": 0.145, "EUR": 1.08, "GBP": 1.27, "HKD": 0.128,
    "HUF": 0.0028, "IDR": 0.000063, "ILS": 0.27, "INR": 0.012, "ISK": 0.72, "JOD": 0.141, "JPY": 0.67, "KRW": 0.073,
    "KWD": 0.325, "MXN": 0.055, "MYR": 0.22, "NOK": 0.094, "NZD": 0.61, "OMR": 0.26, "PEN": 0.27, "PHP": 0.0175,
    "PLN": 0.25, "RON": 0.22, "SAR": 0.267, "SEK": 0.096, "SGD": 0.75, "THB": 0.028, "TND": 0.032, "TRY": 0.03,
    "TWD": 0.031, "UAH": 0.025, "USD": 1.0, "VND": 0.004, "ZAR": 0.054,
}  # fmt: skip
"""US cents per minor unit."""

_HOURS_EAST: Final = {
    "AE": 4, "AR": -3, "AT": 1, "AU": 10, "BE": 1, "BG": 2, "BR": -3, "CA": -5, "CH": 1, "CL": -4, "CN": 8, "CO": -5,
    "CZ": 1, "DE": 1, "DK": 1, "ES": 1, "FI": 2, "FR": 1, "GR": 2, "HK": 8, "HU": 1, "ID": 7, "IL": 2, "IN": 5,
    "IT": 1, "JP": 9, "KR": 9, "MX": -6, "MY": 8, "NG": 1, "NL": 1, "NO": 1, "NZ": 12, "PE": -5, "PH": 8, "PL": 1,
    "RO": 2, "RU": 3, "SA": 3, "SE": 1, "SG": 8, "TH": 7, "TR": 3, "TW": 8, "UA": 2, "US": -6, "VN": 7, "ZA": 2,
}  # fmt: skip

DISPOSABLE: Final = frozenset(
    {
        "10minutemail.com", "discard.email", "dispostable.com", "fakeinbox.com", "getnada.com", "guerrillamail.com",
        "mailcatch.com", "maildrop.cc", "mailinator.com", "mailnesia.com", "mintemail.com", "moakt.com",
        "mytemp.email", "sharklasers.com", "spamgourmet.com", "temp-mail.org", "tempmail.dev", "throwawaymail.com",
        "trashmail.com", "yopmail.com",
    }
)  # fmt: skip
"""Domains that lend an address to anybody for some minutes."""


def cents_of(amount_minor: int, currency: str) -> int:
    """An amount in the one currency that the model thinks in. Of a currency it does not know, a unit is a cent."""
    return round(amount_minor * CENTS.get(currency, 1.0))


def hour_shift(country: str | None) -> int:
    """Milliseconds to add to UTC for the clock on the wall where the card comes from."""
    return _HOURS_EAST.get(country or "", 0) * HOUR
