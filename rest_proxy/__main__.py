"""Runs Envoy alone in front of a service that runs elsewhere: `python -m rest_proxy --help`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from rest_proxy.envoy import Envoy
from rest_proxy.errors import ProxyError
from rest_proxy.render import ProxyAddresses

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line's flags; the defaults are those of ProxyAddresses."""
    parser = argparse.ArgumentParser(prog="python -m rest_proxy", description=__doc__)
    default = ProxyAddresses()
    parser.add_argument("--host", default=default.host, help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port",
        type=int,
        action="append",
        dest="ports",
        help="port to listen on; repeat it for more (8000, 3000)",
    )
    parser.add_argument(
        "--upstream", default=default.upstream, help="gRPC address of the service (%(default)s)"
    )
    parser.add_argument(
        "--admin-port", type=int, default=default.admin_port, help="loopback port (%(default)s)"
    )
    parser.add_argument(
        "--trace-endpoint", default=default.trace_endpoint, help="OTLP/gRPC collector's URL (%(default)s)"
    )
    parser.add_argument("--insecure", action="store_true", help="allow a host that other machines can reach")
    parser.add_argument("--log", type=Path, help="file to append the log to, instead of the terminal")
    parser.add_argument("--grace", type=float, default=30.0, help="seconds for requests in flight at a stop")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> int:
    """Runs Envoy until it ends, or until SIGINT or SIGTERM, which drains it first. Gives the exit code."""
    addresses = ProxyAddresses(
        host=options.host,
        ports=tuple(options.ports or ProxyAddresses.ports),
        upstream=options.upstream,
        admin_port=options.admin_port,
        trace_endpoint=options.trace_endpoint,
        insecure=options.insecure,
    )
    stop_request = _stop_request()
    envoy = await Envoy.start(addresses, log_path=options.log)
    print(*(f"REST on http://{addresses.host}:{port}" for port in addresses.ports), sep="\n", flush=True)
    ended = asyncio.ensure_future(envoy.wait())
    asked = asyncio.ensure_future(stop_request.wait())
    await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        print("Envoy ended by itself", file=sys.stderr)
        return ended.result() or 1
    await envoy.stop(options.grace)
    return 0


def _stop_request() -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets. A second ends this process and Envoy at once."""
    loop, received = asyncio.get_running_loop(), asyncio.Event()

    def receive() -> None:
        received.set()
        for sign in STOP_SIGNALS:
            loop.remove_signal_handler(sign)

    for sign in STOP_SIGNALS:
        loop.add_signal_handler(sign, receive)
    return received


def main() -> None:
    """Runs the command line; a failure is one line on standard error and exit code 1."""
    try:
        sys.exit(asyncio.run(serve(parse())))
    except ProxyError as error:
        sys.exit(f"rest_proxy: {error}")


if __name__ == "__main__":
    main()
