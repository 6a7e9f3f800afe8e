"""`GET /metrics` for Prometheus: this process's requests, and what waits in the database."""

from collections.abc import Iterator

from flask import Flask, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from sandbox_gateway.jobs import jobs
from sandbox_gateway.routes import Gateway
from sandbox_gateway.webhooks.deliveries import webhook_deliveries

_REQUESTS = Counter("counterfoil_gateway_requests", "Requests answered.", ["method", "route", "status"], registry=None)
_SECONDS = Histogram("counterfoil_gateway_request_seconds", "Time to an answer.", ["method", "route"], registry=None)

_DUE_WORK = select(jobs.c.kind, func.count()).group_by(jobs.c.kind)
_DELIVERIES = select(webhook_deliveries.c.status, func.count()).group_by(webhook_deliveries.c.status)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    _REQUESTS.labels(method, route, str(status)).inc()
    _SECONDS.labels(method, route).observe(seconds)


class _Database(Collector):
    """Counted when asked."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("counterfoil_gateway_jobs", "Jobs that wait for their time.", labels=["kind"])
        sent = GaugeMetricFamily("counterfoil_gateway_deliveries", "Webhook deliveries.", labels=["status"])

        def count(tx: Connection) -> None:
            for kind, number in tx.execute(_DUE_WORK):
                waiting.add_metric([kind], number)
            for status, number in tx.execute(_DELIVERIES):
                sent.add_metric([status], number)

        self._gateway.store.read(count)
        yield waiting
        yield sent


def add_to(app: Flask, gateway: Gateway) -> None:
    registry = CollectorRegistry()
    registry.register(_REQUESTS)
    registry.register(_SECONDS)
    registry.register(_Database(gateway))

    def metrics() -> Response:
        return Response(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")

    app.add_url_rule("/metrics", "metrics", metrics, methods=["GET"], provide_automatic_options=False)
