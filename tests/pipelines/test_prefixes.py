"""Pages that are found again, and a budget that decides how many requests run."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from service.engine.params import TextParams
from service.engine.scheduler import Scheduler
from service.pipelines.text import load
from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import PAGE, KVCache
from service.pipelines.text.model import TextModel
from service.pipelines.text.pipeline import TextPipeline
from service.text.tokenizer import TextTokenizer
from tests.pipelines.conftest import FOLDER
from tests.pipelines.running import engine_of, params, run, tokens

SYSTEM = "You answer with one short sentence. " * 20
QUESTIONS = ["What is the capital of France?", "Who wrote Hamlet?", "What is 17 + 25?"]


@pytest.fixture(params=["int8", "float32"])
def make(request: pytest.FixtureRequest) -> Callable[[], TextPipeline]:
    """A pipeline that knows no page yet."""
    return lambda: load(engine_of(FOLDER, request.param, max_running=8, context_tokens=1024))


def asked_of(tokenizer: TextTokenizer) -> list[TextParams]:
    return [
        params(tokenizer.encode_prompt(SYSTEM + question), temperature=0.8, seed=index)
        for index, question in enumerate(QUESTIONS)
    ]


def rows_read(pipeline: TextPipeline, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each pass from now on has."""
    rows: list[int] = []
    kind: type[TextModel] = type(pipeline._model)
    whole = kind.logits

    def logits(model: TextModel, batch: Batch, cache: KVCache) -> Tensor:
        rows.append(len(batch.token_ids))
        return whole(model, batch, cache)

    monkeypatch.setattr(kind, "logits", logits)
    return rows


def test_an_answer_is_the_same_cold_warm_and_loaded(
    make: Callable[[], TextPipeline], tokenizer: TextTokenizer
) -> None:
    asked = asked_of(tokenizer)
    pipeline = make()
    cold = [tokens(run(pipeline, [wanted])[0]) for wanted in asked[:1]]
    warm = [tokens(run(pipeline, [wanted])[0]) for wanted in asked]
    loaded = [tokens(events) for events in run(make(), [*asked, *asked])]
    assert warm[:1] == cold
    assert loaded == [*warm, *warm]


def test_a_prompt_that_begins_as_an_earlier_one_reads_only_what_is_new(
    make: Callable[[], TextPipeline], tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make()
    first, second, _ = (wanted.prompt_ids for wanted in asked_of(tokenizer))
    rows = rows_read(pipeline, monkeypatch)
    run(pipeline, [params(first, max_tokens=1)])
    assert sum(rows) == len(first)
    rows.clear()
    run(pipeline, [params(second, max_tokens=1)])
    shared = next(index for index in range(len(first)) if first[: index + 1] != second[: index + 1])
    assert shared > 2 * PAGE
    assert sum(rows) == len(second) - shared // PAGE * PAGE


def test_a_prompt_that_is_known_to_its_last_token_is_answered_like_the_first_time(
    make: Callable[[], TextPipeline], tokenizer: TextTokenizer
) -> None:
    pipeline = make()
    whole_pages = tokenizer.encode_prompt("word " * 300)[: 4 * PAGE]
    first, again = (tokens(run(pipeline, [params(whole_pages)])[0]) for _ in range(2))
    assert first == again


def test_a_conversation_that_goes_on_reads_neither_its_questions_nor_its_answers_again(
    tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = load(engine_of(FOLDER, "int8", context_tokens=1024))
    prompt = tokenizer.encode_prompt(SYSTEM + "Tell a long story.")
    answer = tokens(run(pipeline, [params(prompt, max_tokens=100)])[0])
    history = [*prompt, *answer, *tokenizer.encode_text("And then?")]
    fresh = load(engine_of(FOLDER, "int8", context_tokens=1024))
    expected = run(fresh, [params(history)])
    rows = rows_read(pipeline, monkeypatch)
    assert run(pipeline, [params(history, max_tokens=24)]) == expected
    assert rows[0] <= len(history) - (len(prompt) + len(answer) - 1) // PAGE * PAGE


def test_requests_that_do_not_fit_the_budget_wait_and_all_are_answered(tokenizer: TextTokenizer) -> None:
    prompt = tokenizer.encode_prompt("Name a river.")
    alone = load(engine_of(FOLDER, "int8", max_running=8, context_tokens=256))
    page_bytes = alone._cache.keys[0].nbytes * 2
    small = load(engine_of(FOLDER, "int8", 8, 256, kv_cache_bytes=5 * page_bytes))
    asked = [params([*prompt, index], max_tokens=80 + index) for index in range(6)]
    most = []

    def count(_step: int, scheduler: Scheduler[TextParams]) -> None:
        most.append(len(scheduler.running))

    assert run(small, asked, count) == run(alone, asked)
    assert max(most) == 2
    assert small.pool.held == 0


def test_a_budget_below_one_context_is_refused_with_what_it_takes() -> None:
    with pytest.raises(ValueError, match=r"kv-cache-bytes 1000000 holds 0 tokens .* give at least 5898240"):
        load(engine_of(FOLDER, "int8", context_tokens=256, kv_cache_bytes=1_000_000))


def test_the_cache_takes_no_more_than_its_budget() -> None:
    pipeline = load(engine_of(FOLDER, "int8", context_tokens=256, kv_cache_bytes=20 << 20))
    cache = pipeline._cache
    assert (16 << 20) < cache.keys.nbytes + cache.values.nbytes <= 20 << 20
    assert cache.keys.dtype == torch.float16
