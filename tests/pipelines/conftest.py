"""The embedded model in this process, once in the text pipeline and once as transformers has it."""

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from service.pipelines.text import load
from service.pipelines.text.pipeline import TextPipeline
from service.text.tokenizer import TextTokenizer
from tests.pipelines.running import engine_of
from tests.stack import MODELS_DIR

FOLDER = MODELS_DIR / "smollm2-135m-instruct"
SLOTS = 8


@pytest.fixture(scope="session")
def pipeline() -> TextPipeline:
    return load(engine_of(FOLDER, max_running=SLOTS, context_tokens=1024))


@pytest.fixture(scope="session")
def reference() -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)


@pytest.fixture(scope="session")
def tokenizer() -> TextTokenizer:
    return TextTokenizer.load(FOLDER, 1024)
