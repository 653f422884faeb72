"""The processes of the engines, told apart."""

import psutil

from tests.stack import Service


def engine_process(service: Service, modality: str) -> psutil.Process:
    """The process of the engine for "text" or "image"."""
    processes = map(psutil.Process, service.engine_pids())
    (process,) = (process for process in processes if process.cmdline()[-1] == modality)
    return process
