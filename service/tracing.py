"""Traces in OpenTelemetry's terms: where spans go. Off unless an endpoint is configured."""

from opentelemetry.trace import NoOpTracer, Tracer

from service.config import NO_TRACES

EXPORT_S = 5.0


class Tracing:
    """Makes spans and sends them over OTLP/gRPC to `endpoint`, a URL; with NO_TRACES nowhere."""

    def __init__(self, endpoint: str) -> None:
        self.tracer: Tracer = NoOpTracer()
        self._provider = None
        if endpoint != NO_TRACES:
            # Here: they take a while to import, and most services have no traces.
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor

            exporter = OTLPSpanExporter(endpoint, insecure=True, timeout=EXPORT_S)
            self._provider = TracerProvider(resource=Resource.create({"service.name": "generation"}))
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
            self.tracer = self._provider.get_tracer("generation")

    def shutdown(self) -> None:
        """Sends what is left, which takes seconds where nobody receives it."""
        if self._provider is not None:
            self._provider.shutdown()
