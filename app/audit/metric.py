"""The one module that speaks Prometheus: violations by invariant, on a loopback port."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from app.audit.auditor import CHECKS


class Metric:
    """Serves `routing_invariant_violations_total` while the auditor follows."""

    def __init__(self, port: int) -> None:
        """Raises OSError where the port is taken."""
        registry = CollectorRegistry()
        self._violations = Counter(
            "routing_invariant_violations_total",
            "Breaches of the invariants in docs/audit.md that the auditor found in the ledger",
            ["invariant"],
            registry=registry,
        )
        self._seq = Gauge(
            "routing_audited_seq", "The last fact that the auditor has seen", registry=registry
        )
        for check in CHECKS:  # a series that is not there cannot be told from one at zero
            self._violations.labels(check.id)
        self._server, self._thread = start_http_server(port, "127.0.0.1", registry)
        self.port = int(self._server.server_port)

    def count(self, invariant: str) -> None:
        self._violations.labels(invariant).inc()

    def seen(self, seq: int) -> None:
        self._seq.set(seq)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
