"""What the worker looks at by itself: one look that fails ends neither the others nor the worker."""

from __future__ import annotations

from tests.app.faults.apart import Apart
from tests.stack import until

_UNSEALED = "SELECT id FROM audit_entries WHERE id NOT IN (SELECT entry_id FROM audit_seals)"
_SEALED = (
    "SELECT t.id FROM ledger_transactions t"
    " JOIN ledger_seals s ON s.transaction_id = t.id WHERE t.payment_id = :payment"
)


def test_a_look_that_fails_leaves_the_others_and_the_worker_at_work(apart: Apart) -> None:
    apart.authorized()
    until(lambda: not apart.rows(_UNSEALED), what="the audit log to be sealed")
    anchor = apart.stack.data_dir / "audit-head.json"
    whole = anchor.read_text(encoding="ascii")
    anchor.write_text(whole[:5], encoding="ascii")  # as a disk leaves it that lost its power
    try:
        apart.stack.api_token()  # is told in the audit log
        until(lambda: "a look failed" in apart.processes[1].output, what="the look to fail")
        (payment,) = apart.paid()["payments"]
        until(lambda: apart.rows(_SEALED, payment=payment["id"]), what="the look after it, at the ledger")
        assert apart.rows(_UNSEALED)
        assert apart.processes[1].running
    finally:
        anchor.write_text(whole, encoding="ascii")
    until(lambda: not apart.rows(_UNSEALED), what="the look that failed to be taken again")
