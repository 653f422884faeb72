"""Passes of answers in buckets, as a GPU has them in its graphs, against passes as they are."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from service.pipelines.text.answers import grouped
from service.pipelines.text.bucketed import Bucketed, answer_rows, pages_bucket, rows_bucket
from service.pipelines.text.graphs import Graphs
from service.pipelines.text.kv_cache import KVCache
from tests.pipelines.tiny import PAGES, answers_of, cache_of, read, tiny

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="graphs are for GPUs")
ASKED = [([3], 5), ([5, 1, 9], 140), ([2, 7], 64)]


@pytest.mark.parametrize(("rows", "bucket"), [(1, 1), (3, 4), (9, 16), (33, 48), (64, 64), (300, 300)])
def test_rows_are_rounded_up(rows: int, bucket: int) -> None:
    assert rows_bucket(rows) == bucket


@pytest.mark.parametrize(("pages", "bucket"), [(1, 4), (4, 4), (5, 8), (64, 64), (65, 128)])
def test_pages_are_rounded_up(pages: int, bucket: int) -> None:
    assert pages_bucket(pages) == bucket


def test_rows_that_fill_up_and_the_ends_of_tables_are_the_spare_page() -> None:
    rows = answer_rows(answers_of(ASKED), scratch=PAGES)
    assert rows.shape == (4, 2 + 4)
    assert rows[0].tolist() == [5, 5, 3, PAGES, PAGES, PAGES]
    assert rows[1].tolist() == [140, 140, 5, 1, 9, PAGES]
    assert rows[3].tolist() == [0, 0, PAGES, PAGES, PAGES, PAGES]


def test_the_pass_of_fixed_buffers_gives_the_logits_and_the_keys_of_the_pass_as_it_is(tmp_path: Path) -> None:
    model = tiny(tmp_path)
    caches = [cache_of(model), cache_of(model)]
    with torch.inference_mode():
        for cache in caches:
            for table, length in ASKED:
                read(model, cache, table, length)
        expected = model.logits(answers_of(ASKED), caches[0])
        found = Bucketed(model, model.decode).logits(answers_of(ASKED), caches[1])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(caches[1].keys[:PAGES], caches[0].keys[:PAGES], atol=1e-5, rtol=0)
    torch.testing.assert_close(caches[1].values[:PAGES], caches[0].values[:PAGES], atol=1e-5, rtol=0)
    assert caches[1].keys[PAGES].any()


def test_a_pass_with_prompts_is_the_models_own(tmp_path: Path) -> None:
    model = tiny(tmp_path)
    batch = answers_of(ASKED[:1])
    batch.add([8], [1, 2, 3], 0)
    batch.sample()

    def never(rows: Tensor, cache: KVCache) -> Tensor:
        raise AssertionError

    with torch.inference_mode():
        found = Bucketed(model, never).logits(batch, cache_of(model))
        expected = model.logits(batch, cache_of(model))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("rows", [1, 5])
def test_grouped_attention_is_that_of_repeated_keys(rows: int) -> None:
    torch.manual_seed(3)
    query = torch.randn(2, rows, 8, 16)
    keys, values = torch.randn(2, 2, 2, 64, 16).unbind()
    mask = torch.rand(2, 1, rows, 64) < 0.7
    mask[..., 0] = True
    found = grouped(query, keys, values, mask, 0.3)
    keys, values = (each.repeat_interleave(4, 1) for each in (keys, values))
    expected = scaled_dot_product_attention(query.transpose(1, 2), keys, values, attn_mask=mask, scale=0.3)
    torch.testing.assert_close(found, expected.transpose(1, 2))


@NEEDS_GPU
def test_graphs_give_what_their_function_gives_however_often_and_in_turns(tmp_path: Path) -> None:
    model = tiny(tmp_path, "bfloat16", "cuda")
    cache = cache_of(model)
    graphed = Bucketed(model, Graphs(model.decode, model.device))
    with torch.inference_mode():
        for table, length in ASKED:
            read(model, cache, table, length)
        for asked in (ASKED, ASKED[:1], ASKED, ASKED[1:]):
            found = graphed.logits(answers_of(asked), cache).clone()
            expected = model.logits(answers_of(asked), cache)
            torch.testing.assert_close(found, expected, atol=0.1, rtol=0)


@NEEDS_GPU
def test_no_pass_waits_for_the_gpu_once_its_graph_is_there(tmp_path: Path) -> None:
    model = tiny(tmp_path, "bfloat16", "cuda")
    cache = cache_of(model)
    graphed = Bucketed(model, Graphs(model.decode, model.device))
    with torch.inference_mode():
        read(model, cache, *ASKED[1])
        graphed.logits(answers_of(ASKED), cache)
        torch.cuda.set_sync_debug_mode("error")
        try:
            read(model, cache, *ASKED[1])
            graphed.logits(answers_of(ASKED), cache)
        finally:
            torch.cuda.set_sync_debug_mode("default")
