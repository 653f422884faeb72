"""How the service and its engines log: one line a record on standard error, never a prompt."""

import logging


def configure_logging(level: str) -> None:
    """Sets the root logger up; `level` is debug, info, warning or error."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(process)d %(name)s %(message)s"
    )
