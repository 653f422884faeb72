"""The picture sets the model learns from: npm packages with free licences, fetched once and kept."""

import base64
import hashlib
import io
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True, slots=True)
class Package:
    """One version of an npm package; `sha512` is the base64 digest that the registry publishes."""

    name: str
    version: str
    licence: str
    author: str
    sha512: str
    keep: str  # the ending of the files that are used

    @property
    def folder(self) -> str:
        """A folder name of its own."""
        return f"{self.name.strip('@').replace('/', '-')}-{self.version}"

    @property
    def url(self) -> str:
        """Where the registry keeps the archive."""
        return f"{REGISTRY}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


FLUENT_3D = Package(
    "@lobehub/fluent-emoji-3d",
    "1.1.0",
    "MIT",
    "Microsoft, Fluent Emoji",
    "Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==",
    ".webp",
)
FLUENT = Package(
    "@iconify-json/fluent-emoji",
    "1.2.7",
    "MIT",
    "Microsoft, Fluent Emoji",
    "D8G6bKAyIsyxP1rzZtIWr/gg/fO4Rg1+DyCWlfqKK4h8W+4Em/Y0P6QYgJUQTlUcagzJvSyg+9OBv4hz4Hc/QA==",
    "icons.json",
)
FLUENT_FLAT = Package(
    "@iconify-json/fluent-emoji-flat",
    "1.2.6",
    "MIT",
    "Microsoft, Fluent Emoji",
    "RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
    "icons.json",
)
FLUENT_LINES = Package(
    "@iconify-json/fluent-emoji-high-contrast",
    "1.2.6",
    "MIT",
    "Microsoft, Fluent Emoji",
    "esqhZPpkrF7sNX3NsLoh8KW64okEr/bzko7WNnFP+qTJGAqDPDYjp0925yxuivXy3HtVQB8xhIKu3+Nq1byX5w==",
    "icons.json",
)
NOTO = Package(
    "@iconify-json/noto",
    "1.2.9",
    "Apache-2.0",
    "Google, Noto Emoji",
    "DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
    ".json",
)
PACKAGES = (FLUENT_3D, FLUENT, FLUENT_FLAT, FLUENT_LINES, NOTO)


def fetch(package: Package, cache: Path, registry: str = REGISTRY) -> Path:
    """The folder with a package's files, downloaded and checked the first time.

    Raises:
        OSError: the registry cannot be reached.
        ValueError: what came is not what was pinned.
    """
    folder = cache / package.folder
    if folder.is_dir():
        return folder
    url = package.url.replace(REGISTRY, registry, 1)
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310, https or a test's loopback
        size = int(answer.headers.get("content-length", 0)) or None
        archive = io.BytesIO()
        with tqdm(total=size, unit="B", unit_scale=True, desc=package.name, leave=False) as bar:
            while part := answer.read(1 << 18):
                archive.write(part)
                bar.update(len(part))
    found = base64.b64encode(hashlib.sha512(archive.getvalue()).digest()).decode()
    if found != package.sha512:
        raise ValueError(f"{package.name} {package.version}: sha512 is {found}, not {package.sha512}")
    archive.seek(0)
    partial = folder.with_suffix(".part")
    with tarfile.open(fileobj=archive) as files:
        for member in files:
            if member.isfile() and member.name.endswith(package.keep):
                files.extract(member, partial, filter="data")
    partial.rename(folder)
    return folder
