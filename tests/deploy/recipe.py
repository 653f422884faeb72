"""deploy/Dockerfile as data: its stages, what each copies, and a folder laid out as an image would be."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
WORKDIR = "/app"


@dataclass(frozen=True)
class Stage:
    """From one FROM to the next."""

    name: str
    image: str
    steps: tuple[tuple[str, str], ...]

    def all(self, instruction: str) -> list[str]:
        """The arguments of every such instruction, in order."""
        return [argument for name, argument in self.steps if name == instruction]

    def one(self, instruction: str) -> str:
        """The arguments of the only such instruction."""
        (argument,) = self.all(instruction)
        return argument


@dataclass(frozen=True)
class Copy:
    """A COPY: from another stage, or from the repository if `stage` is None."""

    stage: str | None
    sources: tuple[str, ...]
    target: str


def stages() -> dict[str, Stage]:
    """The stages of the Dockerfile by name."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", "")
    found: dict[str, Stage] = {}
    for part in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]:
        head, *rest = (line for line in part.splitlines() if line)
        image, name = head.split(" AS ")
        steps = [line.split(maxsplit=1) for line in rest]
        found[name] = Stage(name, image, tuple((instruction, argument) for instruction, argument in steps))
    return found


def copies(stage: Stage) -> list[Copy]:
    """What a stage copies."""
    result = []
    for argument in stage.all("COPY"):
        words = argument.split()
        source = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        result.append(Copy(source, tuple(words[:-1]), words[-1]))
    return result


def environment(stage: Stage) -> dict[str, str]:
    """What the ENV lines of a stage set."""
    return dict(word.split("=", 1) for line in stage.all("ENV") for word in line.split())


def lay_out(stage: Stage, image: Path, others: Mapping[str, Path]) -> Path:
    """Copies into the folder `image` what a stage and its base copy; `others` has the stages before it.

    Returns the folder that is the working directory.
    """
    base = stages().get(stage.image)
    for copy in [*(copies(base) if base else ()), *copies(stage)]:
        for source in copy.sources:
            origin = ROOT / source if copy.stage is None else within(others[copy.stage], source)
            _copy(origin, within(image, copy.target), into=copy.target.endswith("/"))
    return within(image, WORKDIR)


def within(image: Path, path: str) -> Path:
    """Where a path of an image lies below its folder."""
    return image / Path(WORKDIR, path).relative_to("/")


def run(command: str, folder: Path, **variables: str) -> str:
    """Runs a shell command as RUN does and returns its output."""
    variables = {"PATH": "/usr/bin:/bin"} | variables
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def docker_context() -> Iterator[str]:
    """What .dockerignore lets through."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            yield line[1:]


def _copy(origin: Path, target: Path, *, into: bool) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        return
    target = target / origin.name if into else target
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(origin, target)
