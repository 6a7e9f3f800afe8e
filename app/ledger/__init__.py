"""The books: double entry, only ever added to, balanced by code and by the database."""

from app.ledger.accounts import Account
from app.ledger.post import Draft, Line, moves, post, post_once, reverse, standing_of
from app.ledger.rules import Event, lines_of

__all__ = ["Account", "Draft", "Event", "Line", "lines_of", "moves", "post", "post_once", "reverse", "standing_of"]
