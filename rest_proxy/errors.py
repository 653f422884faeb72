"""What starting the proxy can fail with."""


class ProxyError(Exception):
    """Envoy cannot run; the text says why and what would help."""
