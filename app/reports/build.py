"""The table of kinds: which function makes which report."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.reports.asked import Asked, Kind
from app.reports.cut import Cut
from app.reports.extract import ledger_extract
from app.reports.fees import fee_report
from app.reports.month import month_report
from app.reports.payout import payout_report
from app.reports.report import Report
from app.reports.statements import merchant_statement, settlement_statement
from app.reports.tax import tax_report

_BUILDERS: dict[Kind, Callable[[Session, Asked, Cut], Report]] = {
    Kind.SETTLEMENT: settlement_statement,
    Kind.MERCHANT: merchant_statement,
    Kind.PAYOUT: payout_report,
    Kind.FEES: fee_report,
    Kind.TAX: tax_report,
    Kind.LEDGER: ledger_extract,
    Kind.MONTH: month_report,
}


def build(session: Session, asked: Asked, cut: Cut) -> Report:
    """The report; its lines are read from the session while they are asked for."""
    return _BUILDERS[asked.kind](session, asked, cut)
