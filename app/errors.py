"""The four families of errors; a decline is a result, so it is not one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one member: where (JSON pointer), a code, and what would be right."""

    pointer: str
    code: str
    detail: str


class CounterfoilError(Exception):
    """The base of what callers are expected to handle."""


class RuleBroken(CounterfoilError):
    """A rule of the business forbids it; shown to the operator. `status` is 409, or 422 for input."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 409,
        current_status: str | None = None,
        allowed_actions: Sequence[str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.current_status = current_status
        self.allowed_actions = None if allowed_actions is None else list(allowed_actions)
        self.errors = list(errors)


class InvalidInput(RuleBroken):
    """One named member of the input is wrong (422)."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(code, detail, status=422, errors=[FieldError(pointer, code, detail)])


class TooOften(RuleBroken):
    """So much of it was done lately that more has to wait (429)."""

    def __init__(self, detail: str, wait: timedelta) -> None:
        super().__init__("rate_limited", detail, status=429)
        self.wait_seconds = max(1, math.ceil(wait.total_seconds()))


class NotFound(CounterfoilError):
    """There is no such thing, or not for this caller (404)."""


class GatewayRefused(CounterfoilError):
    """The gateway answered that our request was wrong: nothing was done. `code` is the gateway's."""

    def __init__(self, status: int, code: str, detail: str, request_id: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id


class GatewayUnavailable(CounterfoilError):
    """No answer that can be believed: whether it was done is not known yet."""


class SettingError(CounterfoilError):
    """A setting has a value that cannot be used; names the setting and what would be right."""
