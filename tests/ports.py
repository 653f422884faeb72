"""Free ports for servers that tests start."""

import random
import socket

# Below the ephemeral range, where a client's own socket could sit on the port.
RANGE = range(20000, 32000)


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nothing listens on now."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(RANGE, len(RANGE)):
        if len(ports) == count:
            break
        if _is_free(port):
            ports.append(port)
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
