"""Puts what browsers load into one folder for Envoy: `python -m rest_proxy.pages TO`.

The pages are ours, beside this file in `pages/`; the one at / is built from `web/` by `make web`. Swagger
UI, which shows the OpenAPI document, is the copy that the package swagger-ui-py carries; nothing is loaded
from another host.
"""

import argparse
import shutil
from importlib.resources import files
from pathlib import Path

PAGES = Path(__file__).with_name("pages")
SWAGGER_UI = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE")


def write(folder: Path) -> None:
    """Copies the pages and Swagger UI into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in PAGES.iterdir():
        shutil.copyfile(page, folder / page.name)
    for name in SWAGGER_UI:
        (folder / name).write_bytes(files("swagger_ui").joinpath("static", name).read_bytes())


def main() -> None:
    """Takes the folder from the command line."""
    parser = argparse.ArgumentParser(description="Put what browsers load into one folder.")
    parser.add_argument("folder", type=Path, help="folder to write into")
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
