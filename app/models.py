"""Every table of the app, imported so that the metadata is whole (migrations, tests)."""

from app.api.models import ApiIdempotency
from app.clock import ClockReading
from app.customers.models import Customer
from app.db import Base
from app.finding.models import SavedView
from app.gateway.calls import GatewayCall
from app.gateway.received import WebhookEvent
from app.jobs.models import Job
from app.merchants.models import Merchant
from app.operators.models import ApiToken, Operator, OperatorSession, SignInLink
from app.orders.models import Order
from app.payments.models import Attempt, Capture, Payment, Refund
from app.timeline.models import Entry

__all__ = [
    "ApiIdempotency",
    "ApiToken",
    "Attempt",
    "Base",
    "Capture",
    "ClockReading",
    "Customer",
    "Entry",
    "GatewayCall",
    "Job",
    "Merchant",
    "Operator",
    "OperatorSession",
    "Order",
    "Payment",
    "Refund",
    "SavedView",
    "SignInLink",
    "WebhookEvent",
]
