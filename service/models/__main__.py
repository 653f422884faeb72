"""Command line: prepare the embedded model, fetch the big ones, list what is there.

python -m service.models prepare|fetch|list --models-dir DIR [names...]
"""

import argparse
import logging
import sys
from pathlib import Path

from service.models.catalogue import CATALOGUE, EMBEDDED, GIB, MISTRAL, SDXL
from service.models.choose import choose_image_model, choose_text_model, describe, find_gpu
from service.models.embedded import prepare
from service.models.errors import ModelError
from service.models.inventory import inventory

_BIG = [MISTRAL.name, SDXL.name]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, 1 when it failed, 130 when it was interrupted."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    try:
        options.run(options)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: run it again to finish", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service.models", description="The weights of the models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("prepare", _prepare, "make the embedded text model, which needs no network; once, half a minute"),
        ("fetch", _fetch, "download models from the hub; continues what was broken off"),
        ("list", _list, "show what is there, its state, and what would be served"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--models-dir", type=Path, default=Path("./models"), help="default: ./models")
        command.set_defaults(run=run)
        if name == "fetch":
            command.add_argument("names", nargs="*", default=_BIG, help=f"default: {' '.join(_BIG)}")
    return parser


def _prepare(options: argparse.Namespace) -> None:
    folder = options.models_dir / EMBEDDED.name
    if not folder.exists():
        print(f"Preparing the embedded model in {folder}, once: about half a minute", flush=True)
    prepare(options.models_dir)


def _fetch(options: argparse.Namespace) -> None:
    from service.models.fetch import fetch  # here: the hub's library takes half a second to import

    unknown = sorted(set(options.names) - set(CATALOGUE))
    if unknown:
        raise ModelError(f"unknown model {', '.join(unknown)}; known are {', '.join(CATALOGUE)}")
    for name in options.names:
        model = CATALOGUE[name]
        print(f"{name}: {model.disk_bytes / 1e9:.1f} GB, licence {model.licence}", flush=True)
        print(f"{name}: ready in {fetch(model, options.models_dir)}", flush=True)


def _list(options: argparse.Namespace) -> None:
    for entry in inventory(options.models_dir):
        model = CATALOGUE.get(entry.name)
        needs = f", GPU of {model.gpu_bytes / GIB:.0f} GiB" if model and model.gpu_bytes else ""
        about = f" ({model.disk_bytes / 1e9:.1f} GB{needs}, {model.licence})" if model else ""
        print(f"{entry.name:26} {entry.modality or '?':6} {entry.problem or 'ready'}{about}")
    gpu = find_gpu()
    text = choose_text_model(options.models_dir, "auto", "auto", gpu)
    image = choose_image_model(options.models_dir, "auto", "auto", gpu, beside=text)
    print(f"served: {describe(text)}")
    print(f"served: {describe(image) if image else 'no image model'}")


if __name__ == "__main__":
    sys.exit(main())
