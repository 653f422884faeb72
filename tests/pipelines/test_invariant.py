"""Passes of one shape: a request's numbers are the same to the last bit whoever shares its passes."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from service.config import Settings
from service.engine.params import TextParams
from service.engines import text_spec
from service.models.choose import Choice
from service.pipelines.text.batch import INVARIANT_PLAN, Batch
from service.pipelines.text.fitting import fitted, invariant
from service.pipelines.text.kv_cache import PAGE, KVCache
from service.pipelines.text.llama import Llama
from service.pipelines.text.pipeline import TextPipeline
from tests.pipelines.running import engine_of, params, run, tokens
from tests.pipelines.tiny import cache_of, prompt_of, tiny

RUNNING, CONTEXT = 4, 256
TARGET = params(prompt_of(100), temperature=0.9, seed=3, max_tokens=20)
OTHERS = [params(prompt_of(length), max_tokens=5 + length % 7) for length in (3, 64, 130, 40, 200, 9)]


class Watched:
    """A model that notes what it is asked for and what it gives."""

    exact = False

    def __init__(self, model: Llama) -> None:
        self.shape, self.device, self.dtype = model.shape, model.device, model.dtype
        self._model = model
        self.passes: list[tuple[Batch, Tensor]] = []

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        found = self._model.logits(batch, cache)
        self.passes.append((batch, found))
        return found


@pytest.fixture
def model(tmp_path: Path) -> Llama:
    return tiny(tmp_path)


def pipeline_of(model: Llama) -> tuple[TextPipeline, Watched]:
    watched = Watched(model)
    spec = engine_of(Path(), max_running=RUNNING, context_tokens=CONTEXT)
    return TextPipeline(invariant(watched, spec), cache_of(model), RUNNING, INVARIANT_PLAN), watched


def test_all_passes_of_answers_have_one_shape_and_so_have_all_of_prompts(model: Llama) -> None:
    pipeline, watched = pipeline_of(model)
    run(pipeline, [TARGET, *OTHERS])
    answers = [batch for batch, _ in watched.passes if batch.answers]
    prompts = [batch for batch, _ in watched.passes if not batch.answers]
    assert answers
    assert prompts
    for batch in answers:
        assert (batch.answers, len(batch.token_ids), len(batch.parts), batch.width) == (4, 4, 4, 4)
        assert batch.sampled_rows == [0, 1, 2, 3]
    for batch in prompts:
        assert len(batch.token_ids) == INVARIANT_PLAN.most == batch.parts[-1].last
        assert len(batch.sampled_rows) in (0, RUNNING)
        assert all(part.last - part.first <= PAGE for part in batch.parts)


def test_a_requests_logits_are_the_same_to_the_last_bit_alone_and_beside_others(model: Llama) -> None:
    assert torch.equal(*(logits_of_target(model, asked) for asked in ([TARGET], [TARGET, *OTHERS])))


def test_a_requests_text_is_the_same_alone_and_beside_others_that_came_before(model: Llama) -> None:
    alone = run(pipeline_of(model)[0], [TARGET])[0]
    beside = run(pipeline_of(model)[0], [*OTHERS[:3], TARGET, *OTHERS[3:]])[3]
    assert tokens(alone) == tokens(beside)


def test_a_prompt_whose_beginning_is_known_gives_the_same_text(model: Llama) -> None:
    pipeline, watched = pipeline_of(model)
    first, second = (run(pipeline, [TARGET])[0] for _ in range(2))
    assert first == second
    starts = [batch.parts[0].start for batch, _ in watched.passes if not batch.answers]
    assert starts == [0, PAGE]


def test_on_a_cpu_nothing_is_fitted(model: Llama) -> None:
    spec = engine_of(Path())
    assert fitted(model, spec)[0] is model


def test_the_setting_reaches_the_text_engine() -> None:
    choice = Choice("m", Path(), "cpu", "float32", "")
    for wanted in (True, False):
        settings = Settings.model_validate({"batch_invariant": wanted})
        assert text_spec(settings, choice, CONTEXT).batch_invariant is wanted


def logits_of_target(model: Llama, asked: list[TextParams]) -> Tensor:
    """Of each token that TARGET got, in whatever rows."""
    pipeline, watched = pipeline_of(model)
    run(pipeline, asked)
    begins = list(TARGET.prompt_ids[:PAGE])
    passes = [(part, batch) for batch, _ in watched.passes for part in batch.parts]
    table = next(p.table for p, batch in passes if batch.token_ids[p.first : p.last] == begins)
    found = [
        logits[batch.sampled_rows.index(part.last - 1)]
        for batch, logits in watched.passes
        for part in batch.parts
        if part.table is table and part.last - 1 in batch.sampled_rows
    ]
    assert len(found) == TARGET.max_tokens
    return torch.stack(found)
