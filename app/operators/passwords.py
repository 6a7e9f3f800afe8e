"""Passwords: which are taken, how they are kept (argon2id), compared in the same time for nobody as for one."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import InvalidInput
from app.operators.models import Operator

LENGTH_AT_LEAST = 12
LENGTH_AT_MOST = 128
_SIMILAR_AT_LEAST = 4
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's first choice for argon2id
_turns = threading.Semaphore(4)
"""So many are computed at a time: each takes its 19 MiB."""


def check_new_password(text: str, operator: Operator) -> None:
    """InvalidInput for one that is too short or long, on every list, or made of the person's own name."""
    if not LENGTH_AT_LEAST <= len(text) <= LENGTH_AT_MOST:
        raise _wrong(f"Choose one of {LENGTH_AT_LEAST} to {LENGTH_AT_MOST} characters; a few words will do.")
    plain = text.casefold()
    if _repeated(plain) in _common() or len(set(plain)) < _SIMILAR_AT_LEAST:
        raise _wrong("This one is on every list of guesses. Choose another; a few words of your own will do.")
    for own in (operator.name, operator.email or "", (operator.email or "").partition("@")[0], "counterfoil"):
        if len(own) >= _SIMILAR_AT_LEAST and plain.replace(own.casefold(), "").strip("0123456789!.-_ ") == "":
            raise _wrong("This one is made of your name, your address or ours. Choose another.")


def _wrong(detail: str) -> InvalidInput:
    return InvalidInput("/password", "weak_password", detail)


def _repeated(plain: str) -> str:
    """What it repeats, `password` of `passwordpassword`; itself where it repeats nothing."""
    return plain[: (plain + plain).find(plain, 1)]


def hash_password(text: str) -> str:
    """What is kept of it."""
    with _turns:
        return _hasher.hash(text)


def is_password(kept: str | None, text: str) -> bool:
    """Whether it is the one that is kept. Takes its time also where none is kept, so that nobody learns of that."""
    with _turns:
        try:
            _hasher.verify(kept or _nobodys(), text)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was computed with other costs than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")


@cache
def _common() -> frozenset[str]:
    """Thirty thousand passwords by how often they were found in leaks, of the zxcvbn package."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  # slow to import, and seldom needed

    return frozenset(FREQUENCY_LISTS["passwords"])
