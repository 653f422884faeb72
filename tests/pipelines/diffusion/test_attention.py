"""Attention in which rows look at their anchor, against diffusers' own on gathered keys and values."""

from collections.abc import Iterator

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor

from service.pipelines.diffusion.attention import AnchoredAttention

FEATURES = 32


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(params=[False, True], ids=["separate", "fused"])
def attention(request: pytest.FixtureRequest) -> Attention:
    """A layer of self-attention, its projections in one product or in three."""
    attention = Attention(query_dim=FEATURES, heads=4, dim_head=8, processor=AttnProcessor2_0())
    seeded(attention)
    if request.param:
        attention.fuse_projections(fuse=True)
    return attention


def seeded(attention: Attention) -> None:
    generator = torch.Generator().manual_seed(0)
    for parameter in attention.parameters():
        parameter.data.normal_(0, FEATURES**-0.5, generator=generator)


def rows(count: int, places: int, seed: int) -> Tensor:
    return torch.randn(count, places, FEATURES, generator=torch.Generator().manual_seed(seed))


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_without_anchors_it_is_diffusers_attention(attention: Attention) -> None:
    hidden = rows(5, 12, seed=1)
    assert_equal(AnchoredAttention()(attention, hidden), AttnProcessor2_0()(attention, hidden))


@pytest.mark.parametrize("anchors", [[0, 0, 0, 3, 3], [0, 1, 2, 2, 4], [0, 1, 2, 3, 4]])
def test_each_row_meets_the_keys_and_values_of_its_anchor(attention: Attention, anchors: list[int]) -> None:
    hidden = rows(5, 12, seed=1)
    ours = AnchoredAttention()(attention, hidden, anchors=torch.tensor(anchors))
    for row, anchor in enumerate(anchors):
        theirs = AttnProcessor2_0()(attention, hidden[[row]], encoder_hidden_states=hidden[[anchor]])
        assert_equal(ours[[row]], theirs)


@pytest.mark.parametrize("anchors", [None, [0, 0, 0, 3, 3]])
def test_words_are_met_by_each_row_for_itself_and_only_where_the_mask_lets_it(
    anchors: list[int] | None,
) -> None:
    attention = Attention(query_dim=FEATURES, cross_attention_dim=FEATURES, heads=4, dim_head=8)
    seeded(attention)
    hidden, words = rows(5, 12, seed=1), rows(5, 9, seed=2)
    lengths = [9, 3, 9, 5, 1]
    allowed = torch.arange(9) < torch.tensor(lengths)[:, None]
    ours = AnchoredAttention()(
        attention,
        hidden,
        words,
        attention_mask=torch.where(allowed, 0.0, -10000.0)[:, None],
        anchors=None if anchors is None else torch.tensor(anchors),
    )
    for row, length in enumerate(lengths):
        theirs = AttnProcessor2_0()(attention, hidden[[row]], words[[row], :length])
        assert_equal(ours[[row]], theirs)
