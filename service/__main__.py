"""Runs the service: `python -m service --help`."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import CliApp

from service.config import Settings, explain
from service.logs import configure_logging
from service.models.choose import Choice, choose_image_model, choose_text_model, describe
from service.models.errors import ModelError
from service.models.gpu import find_gpu
from service.server import GenerationServer, PortTakenError

log = logging.getLogger("service")


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; a second one ends the process at once."""
    text, image = _choose(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stopping)
    server = GenerationServer(settings, text, image)
    await server.start()
    await stopping.wait()
    await server.stop()


def _choose(settings: Settings) -> tuple[Choice, Choice | None]:
    models_dir, gpu = Path(settings.models_dir), find_gpu()
    device, dtype = settings.device, settings.dtype
    text = choose_text_model(models_dir, settings.text_model, device, gpu, dtype)
    image = choose_image_model(models_dir, settings.image_model, device, gpu, dtype, beside=text)
    log.info("text model %s", describe(text))
    log.info("image model %s", describe(image) if image else "none: image requests are only checked")
    return text, image


def _stop(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        # The engine ends by itself: its pipes close with this process.
        os._exit(130)
    stopping.set()


def main() -> int:
    """Reads the settings, serves, and returns the exit code."""
    try:
        settings = CliApp.run(Settings)
    except ValidationError as error:
        print(explain("service", error), file=sys.stderr)
        return 2
    configure_logging(settings.log_level, settings.log_format)
    try:
        asyncio.run(serve(settings))
    except (ModelError, PortTakenError) as error:
        print(f"service: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
