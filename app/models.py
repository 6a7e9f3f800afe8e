"""Every table of the app, imported so that the metadata is whole (migrations, tests)."""

from app.api.models import ApiIdempotency
from app.approvals.models import Approval
from app.audit.models import AuditEntry, AuditSeal
from app.checkout.models import PayLink, PayTry, PayVisit
from app.clock import ClockReading
from app.customers.models import Customer
from app.db import Base
from app.disputes.attempts import DisputeAttempt
from app.disputes.files import EvidenceFile
from app.disputes.models import Dispute
from app.drift.models import Comparison, ComparisonPlace, Discrepancy
from app.finding.models import SavedView
from app.gateway.breaker import Breaker
from app.gateway.calls import GatewayCall
from app.gateway.received import WebhookEvent, WebhookRefusal
from app.jobs.models import Job
from app.ledger.models import LedgerAccount, LedgerPosting, LedgerSeal, LedgerTransaction
from app.merchants.models import Beneficiary, CommissionPlan, Merchant
from app.notifications.models import Message, MessageTry, Notice, NoticeRead, OrderServiceState
from app.operators.models import (
    ApiToken,
    ApiTokenCalls,
    Operator,
    OperatorSession,
    RecoveryCode,
    SignInFailure,
    SignInLink,
)
from app.orders.models import ItemSeller, Order
from app.orders.shipments import Shipment
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.policy.models import PolicyChange
from app.reconciliation.models import BankEntry, BankStatement, ImportedFile, ReportLine
from app.reports.models import MadeReport, ReportPiece
from app.risk.models import (
    Assessment,
    Label,
    ListEntry,
    ModelChange,
    News,
    Review,
    RuleVersion,
    TrainedModel,
    Training,
    Trial,
    ValueList,
)
from app.settlements.models import Break, GatewayTerms, MerchantPayout, Payout, Settlement, SettlementLine
from app.timeline.models import Entry
from app.webhooks.catch_up import EventCursor

__all__ = [
    "ApiIdempotency",
    "ApiToken",
    "ApiTokenCalls",
    "Approval",
    "Assessment",
    "Attempt",
    "AuditEntry",
    "AuditSeal",
    "BankEntry",
    "BankStatement",
    "Base",
    "Beneficiary",
    "Break",
    "Breaker",
    "Capture",
    "ClockReading",
    "CommissionPlan",
    "Comparison",
    "ComparisonPlace",
    "Customer",
    "Discrepancy",
    "Dispute",
    "DisputeAttempt",
    "Entry",
    "EventCursor",
    "EvidenceFile",
    "GatewayCall",
    "GatewayTerms",
    "ImportedFile",
    "ItemSeller",
    "Job",
    "Label",
    "LedgerAccount",
    "LedgerPosting",
    "LedgerSeal",
    "LedgerTransaction",
    "ListEntry",
    "MadeReport",
    "Merchant",
    "MerchantPayout",
    "Message",
    "MessageTry",
    "ModelChange",
    "News",
    "Notice",
    "NoticeRead",
    "Operator",
    "OperatorSession",
    "Order",
    "OrderServiceState",
    "PayLink",
    "PayTry",
    "PayVisit",
    "Payment",
    "Payout",
    "PolicyChange",
    "RecoveryCode",
    "Refund",
    "ReportLine",
    "ReportPiece",
    "Review",
    "RuleVersion",
    "SavedView",
    "Settlement",
    "SettlementLine",
    "Shipment",
    "SignInFailure",
    "SignInLink",
    "TrainedModel",
    "Training",
    "Trial",
    "ValueList",
    "WebhookEvent",
    "WebhookRefusal",
]
