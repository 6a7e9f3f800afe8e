"""The fraud model: features, simulator, training, evaluation, scorer. Works from a shell, knows no web application."""

from fraud_model.live import State
from fraud_model.model import Model, ModelRefused, load, loads, scores_of, shipped
from fraud_model.payments import InvalidPayment, News, Payment, Told, payment_from
from fraud_model.reasons import Reason
from fraud_model.scorer import Assessment, FraudScorer

__all__ = [
    "Assessment",
    "FraudScorer",
    "InvalidPayment",
    "Model",
    "ModelRefused",
    "News",
    "Payment",
    "Reason",
    "State",
    "Told",
    "load",
    "loads",
    "payment_from",
    "scores_of",
    "shipped",
]
