"""What an account agreed on with its gateway: fees, reserve, payouts. Members of its settings."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sandbox_gateway.fields import MOST_AMOUNT, CurrencyCode

BasisPoints = Annotated[int, Field(ge=0, le=10_000, description="Hundredths of a percent: 290 is 2.90 %.")]
PerCurrency = Annotated[
    dict[CurrencyCode, Annotated[int, Field(ge=0, le=MOST_AMOUNT)]],
    Field(max_length=200, description="Minor units by currency; 0 where a currency is not named."),
]
Country = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(description="ISO 3166-1, two capitals.", examples=["US"])
]


class _Terms(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Rate(_Terms):
    """A share of the amount and something fixed with each capture."""

    basis_points: BasisPoints = 0
    fixed: PerCurrency = {}


class Blended(_Terms):
    """One rate for all cards; a line's fee is all `processing`."""

    type: Literal["blended"]
    rate: Rate = Rate(
        basis_points=290,
        fixed={"USD": 30, "EUR": 25, "GBP": 20, "CHF": 30, "CAD": 30, "AUD": 30, "JPY": 40, "KWD": 100},
    )


class InterchangePlusPlus(_Terms):
    """What the issuer takes, what the network takes and what the gateway takes, each as its own part of the fee."""

    type: Literal["interchange_plus_plus"]
    interchange: Rate = Rate(basis_points=165, fixed={"USD": 10})
    scheme: Rate = Rate(basis_points=13)
    markup: Rate = Rate(basis_points=30, fixed={"USD": 10})


class Fees(_Terms):
    """The fee schedule. A line's fee is by the schedule of its moment: a change leaves older lines alone."""

    pricing: Annotated[Blended | InterchangePlusPlus, Field(discriminator="type")] = Blended(type="blended")
    country: Annotated[Country, Field(description="The merchant's: a card of another one costs `cross_border`.")] = "US"
    cross_border: BasisPoints = 150
    settlement_currency: Annotated[
        CurrencyCode | None,
        Field(description="Captures in another one cost `currency_conversion`; null: none does. Batches keep theirs."),
    ] = None
    currency_conversion: BasisPoints = 100
    refund: Annotated[PerCurrency, Field(description="For each refund, in minor units by currency.")] = {}
    refunds_return_fees: Annotated[
        bool, Field(description="Whether a refund brings its share of the captures' fees back.")
    ] = False
    dispute: Annotated[PerCurrency, Field(description="For each chargeback, in minor units by currency.")] = {
        "USD": 1500,
        "EUR": 1500,
        "GBP": 1500,
        "CHF": 1500,
        "CAD": 1500,
        "AUD": 1500,
        "JPY": 1500,
        "KWD": 5000,
    }
    won_disputes_return_fee: bool = False


Destination = Literal["bank_success", "bank_account_closed", "bank_returned_later"]


class PayoutTerms(_Terms):
    """How what was settled is paid out."""

    delay_days: Annotated[
        int, Field(ge=0, le=30, description="Business days (Monday to Friday) from a batch's day to its payout.")
    ] = 2
    minimum: Annotated[PerCurrency, Field(description="Less than this is carried over.")] = {}
    destination: Annotated[
        Destination,
        Field(description="The test bank account: takes payouts, refuses them, or returns them a day later."),
    ] = "bank_success"
    reserve: Annotated[BasisPoints, Field(description="Share of a day's captures that is held back.")] = 0
    reserve_days: Annotated[int, Field(ge=1, le=730, description="How long it is held back.")] = 90
