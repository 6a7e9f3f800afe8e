"""The bank's side: statements in ISO 20022, read with care and written."""

from app.banking.read import Unreadable, read_statements
from app.banking.statement import BankLine, BankStatementFile, Statement
from app.banking.write import write_statements

__all__ = ["BankLine", "BankStatementFile", "Statement", "Unreadable", "read_statements", "write_statements"]
