"""Turns the GGUF file of a small Llama model into a folder of float32 safetensors. Imports torch."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import torch
from safetensors import SafetensorError
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, TokenizersBackend
from transformers.utils import logging as transformers_logging


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Writes weights, config, generation config, tokenizer and chat template into an existing folder.

    Takes about 20 seconds and 1.2 GB of memory for 135 million parameters.

    Raises:
        OSError: the folder cannot be written.
    """
    with tqdm(total=4, unit="stage", ncols=80, disable=None) as bar, _quiet():
        bar.set_description("reading the tokenizer")
        tokenizer = _read_tokenizer(gguf)
        bar.update()
        bar.set_description("reading the weights")
        model = _read_model(gguf)
        bar.update()
        bar.set_description("writing the weights")
        _write_model(model, folder)
        bar.update()
        bar.set_description("writing the tokenizer")
        # Inside tokenizer_config.json, where models of every age have their template.
        tokenizer.save_pretrained(folder, save_jinja_files=False)
        bar.update()


def _read_tokenizer(gguf: Path) -> TokenizersBackend:
    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name, local_files_only=True)
    assert isinstance(tokenizer, TokenizersBackend)
    # The GGUF names its way of splitting ("smollm"), which transformers does not read: one digit a token.
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def _read_model(gguf: Path) -> PreTrainedModel:
    model = AutoModelForCausalLM.from_pretrained(
        str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
    )
    # The weights were dequantised while reading; with these two transformers refuses to write them.
    del model.hf_quantizer, model.config.quantization_config
    assert isinstance(model, PreTrainedModel)
    return model


def _write_model(model: PreTrainedModel, folder: Path) -> None:
    try:
        model.save_pretrained(folder)
    except SafetensorError as error:  # a full disk comes as this, not as OSError
        raise OSError(str(error)) from error
    for path in folder.iterdir():  # safetensors lets only the owner read; the service may run as another user
        path.chmod(0o644)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences transformers' advice and its own bars, one of which obeys no setting."""
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
