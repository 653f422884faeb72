"""The report on a GPU: Mistral 7B's shape with random weights, against transformers."""

import argparse
from pathlib import Path

import torch

from benchmarks.images.product import running_product
from benchmarks.text.checkpoint import write_mistral
from benchmarks.text.contestants import Entry
from benchmarks.text.document import Section, Setting
from benchmarks.text.machine import limits
from benchmarks.text.measure import measure
from benchmarks.text.prompts import Prompts
from service.models.catalogue import EMBEDDED
from service.text.tokenizer import TextTokenizer

CHECKPOINT = Path(__file__).resolve().parents[2] / "build" / "mistral-shaped"
CONTEXT = 1024  # so that caches and the weights of all engines fit 80 GB together
DTYPE = "bfloat16"
MODEL = "Mistral 7B's shape: **random weights** in bfloat16, SmolLM2's tokenizer"
AT_ONCE = frozenset({"at-once"})


async def report(options: argparse.Namespace, folder: Path) -> Section:
    """Measures requests at once and such as join; there is nothing to lose, and no room for long contexts."""
    write_mistral(CHECKPOINT, options.models_dir / EMBEDDED.name)
    options.only = set(options.only) & {"at-once", "joining"}
    setting = Setting.here(MODEL, DTYPE, options.rounds, {}, torch.cuda.get_device_name())
    where, flags = (str(CHECKPOINT), "cuda"), _flags(options)
    entries = [
        Entry("transformers, padded", "stock", ("padded", *where), parts=AT_ONCE),
        Entry("transformers, continuous", "continuous", where),
    ]
    prompts, bound = Prompts(TextTokenizer.load(CHECKPOINT, CONTEXT)), limits(CHECKPOINT, "cuda")
    async with running_product(folder, None, *flags) as product:
        peers = entries if "transformers" in options.peers else []
        findings = await measure(options, product, peers, prompts, bound, folder)
    return Section("On a GPU", "text-gpu.png", setting, findings)


def _flags(options: argparse.Namespace) -> list[str]:
    running = max(16, *options.requests)
    flags = ["--device=cuda", f"--text-model={CHECKPOINT}", f"--max-running={running}"]
    return [*flags, f"--context-tokens={CONTEXT}", f"--dtype={DTYPE}"]
