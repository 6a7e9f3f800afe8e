"""An authenticator app's codes (RFC 6238), and recovery codes for the day that the phone is gone.

The app's secret is derived from the installation's key and a random seed, so that the database alone is not enough to
make codes. A code works once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
import segno
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.operators.models import Operator, RecoveryCode, hash_of

_STEP_SECONDS = 30
_ISSUER = "Counterfoil"
_SECRET_BYTES = 20
_RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def new_seed() -> str:
    """What a new secret is derived from."""
    return secrets.token_hex(16)


def secret_of(operator: Operator, key: str) -> str:
    """The secret as authenticator apps take it, in base 32."""
    assert operator.totp_seed is not None, "no second factor was begun"
    told = f"totp:{operator.id}:{operator.totp_seed}"
    digest = hmac.new(key.encode(), told.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_SECRET_BYTES]).decode()


def picture_of(operator: Operator, key: str) -> str:
    """The QR code that an authenticator app reads, as inline SVG."""
    uri = pyotp.TOTP(secret_of(operator, key)).provisioning_uri(
        name=operator.email or operator.name, issuer_name=_ISSUER
    )
    return str(segno.make(uri, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff", omitsize=True))


def take_code(session: Session, operator: Operator, key: str, code: str) -> bool:
    """Whether it is the app's code of now, or a half minute beside it, and newer than any that was used."""
    given = "".join(code.split())
    if not given.isascii() or not given.isdigit():
        return False
    totp, now = pyotp.TOTP(secret_of(operator, key)), int(wall_now().timestamp()) // _STEP_SECONDS
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(totp.generate_otp(step), given):
            return _use_up(session, operator, step)
    return False


def _use_up(session: Session, operator: Operator, step: int) -> bool:
    """Whether the step is newer than the last; in one statement, so that two at once cannot both be."""
    mine = update(Operator).where(Operator.id == operator.id, func.coalesce(Operator.totp_last_step, 0) < step)
    return session.execute(mine.values(totp_last_step=step).returning(Operator.id)).first() is not None


def new_recovery_codes(session: Session, operator_id: str) -> list[str]:
    """Ten codes in place of any earlier ones; shown now and never again."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator_id))
    codes = ["-".join(_group() for _ in range(_GROUPS)) for _ in range(_RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_hash_of_code(code), operator_id=operator_id) for code in codes)
    return codes


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))


def _hash_of_code(code: str) -> str:
    return hash_of("".join(character for character in code.lower() if character.isalnum()))


def take_recovery_code(session: Session, operator_id: str, code: str, now: datetime) -> bool:
    """Whether it is one of theirs that was not used; it is used up by that."""
    mine = update(RecoveryCode).where(
        RecoveryCode.code_hash == _hash_of_code(code),
        RecoveryCode.operator_id == operator_id,
        RecoveryCode.used_at.is_(None),
    )
    return session.execute(mine.values(used_at=now).returning(RecoveryCode.code_hash)).first() is not None


def recovery_codes_left(session: Session, operator_id: str) -> int:
    """How many can still be used."""
    left = select(func.count()).select_from(RecoveryCode)
    return session.scalar(left.where(RecoveryCode.operator_id == operator_id, RecoveryCode.used_at.is_(None))) or 0


def forget(session: Session, operator: Operator) -> None:
    """Take the second factor away, and the codes that stand in for it."""
    operator.totp_seed = operator.totp_confirmed_at = operator.totp_last_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator.id))
