"""The report on a CPU: the embedded model, and every engine that reads its weights."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.images.product import running_product
from benchmarks.text.cells import ALONE
from benchmarks.text.contestants import Entry
from benchmarks.text.document import Section, Setting
from benchmarks.text.install import LLAMACPP, OPENVINO, gguf, python_with
from benchmarks.text.machine import limits
from benchmarks.text.measure import measure
from benchmarks.text.prompts import Prompts
from benchmarks.text.steps import steps
from service.engine.process import SPINNING
from service.models.catalogue import EMBEDDED
from service.models.choose import Choice, choose_text_model
from service.text.tokenizer import TextTokenizer

CONTEXT = 4096
CACHE_BYTES = 3 << 30  # of keys and values: room for 16 requests of the whole context in float32
MOST_ONE_BY_ONE = 4  # one after another, more requests only take longer
AT_ONCE = frozenset({"at-once"})
BITS = (4, 8)
MODEL = (
    "SmolLM2-135M-Instruct: the service and transformers read its weights as float32, OpenVINO and llama.cpp "
    "the 4-bit file (GGUF, Q4_1) that those were made from, and the same in 8 bits (Q8_0)"
)


async def report(options: argparse.Namespace, folder: Path) -> Section:
    """Measures everything; logs go to `folder`."""
    choice = choose_text_model(options.models_dir, EMBEDDED.name, "cpu", None, options.dtype)
    versions = {
        name: one.split("==")[1]
        for name, one in (("OpenVINO GenAI", OPENVINO), ("llama-cpp-python", LLAMACPP))
    }
    setting = Setting.here(MODEL, choice.dtype, options.rounds, versions)
    failed: dict[str, str] = {}
    entries = list(_entries(options, choice, failed))
    prompts = Prompts(TextTokenizer.load(choice.folder, CONTEXT))
    bound = limits(choice.folder)
    async with running_product(folder, None, *_flags(options)) as product:
        findings = await measure(options, product, entries, prompts, bound, folder)
    findings.failed.update(failed)
    if "steps" in options.only:
        findings.steps.extend(await steps(choice.folder, choice.dtype))
    return Section("On a CPU", "text.png", setting, findings)


def _flags(options: argparse.Namespace) -> list[str]:
    flags = ["--device=cpu", f"--models-dir={options.models_dir}", f"--text-model={EMBEDDED.name}"]
    flags += [f"--context-tokens={CONTEXT}", f"--kv-cache-bytes={CACHE_BYTES}"]
    return [*flags, f"--max-running={_slots(options)}", f"--dtype={options.dtype}"]


def _slots(options: argparse.Namespace) -> int:
    """Room for all requests at once, as the peers have it."""
    return int(max(16, *options.requests))


def _entries(options: argparse.Namespace, choice: Choice, failed: dict[str, str]) -> Iterator[Entry]:
    """The engine alone, and the peers that are asked for and can be installed."""
    folder, slots = str(choice.folder), str(_slots(options))
    arguments = (folder, choice.dtype, slots, str(CONTEXT), str(CACHE_BYTES))
    yield Entry(ALONE, "engine", arguments, environment=SPINNING)
    if "transformers" in options.peers:
        one_by_one = ("serial", folder)
        yield Entry("transformers, one by one", "stock", one_by_one, parts=AT_ONCE, most=MOST_ONE_BY_ONE)
        yield Entry("transformers, padded", "stock", ("padded", folder), parts=AT_ONCE)
        without_contexts = frozenset({"at-once", "joining"})  # which would take it half an hour
        yield Entry("transformers, continuous", "continuous", (folder,), parts=without_contexts)
    for name, module, requirement in (
        ("OpenVINO", "openvino", OPENVINO),
        ("llama.cpp", "llamacpp", LLAMACPP),
    ):
        if module in options.peers:
            try:
                python = python_with(module, requirement)
            except RuntimeError as error:
                failed[name] = str(error)
                continue
            for bits in BITS:
                yield Entry(f"{name}, {bits} bits", module, (str(gguf(module, bits)),), python=python)
