"""Attention of the UNet's transformer blocks, in which frames can look at their anchor.

Cross-frame attention after Text2Video-Zero (Khachatryan et al. 2023, arXiv:2303.13439): a row's
queries meet the keys and values of its anchor row. `anchors` says which row that is, for every row
of the call, so that other requests' rows in the same call stay with themselves.
"""

from diffusers import UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


class AnchoredAttention:
    """A diffusers attention processor; the same for all layers and calls, for it holds nothing."""

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        anchors: Tensor | None = None,
    ) -> Tensor:
        """hidden_states: [rows, places, features], also returned. anchors: [rows] or None for none."""
        query, key, value = _project(attn, hidden_states, encoder_hidden_states)
        if encoder_hidden_states is None and anchors is not None:
            key, value = key[anchors], value[anchors]
        if attention_mask is not None:
            rows, places = key.shape[:2]
            attention_mask = attn.prepare_attention_mask(attention_mask, places, rows)
            attention_mask = attention_mask.view(rows, attn.heads, -1, places)
        query, key, value = (_by_head(x, attn.heads) for x in (query, key, value))
        attended = scaled_dot_product_attention(query, key, value, attn_mask=attention_mask)
        output: Tensor = attn.to_out[0](attended.transpose(1, 2).flatten(2))
        return output


def install(unet: UNet2DConditionModel, *, fused: bool) -> None:
    """Gives the transformer blocks this attention; attention of any other kind stays as it is.

    `fused` projects queries, keys and values in one product, which keeps a GPU busier.
    """
    for block in unet.modules():
        if isinstance(block, BasicTransformerBlock):
            for attn in (block.attn1, block.attn2):
                attn.set_processor(AnchoredAttention())
                if fused:
                    _fuse(attn)


def _fuse(attn: Attention) -> None:
    attn.fuse_projections(fuse=True)
    for name in ("to_k", "to_v") if attn.is_cross_attention else ("to_q", "to_k", "to_v"):
        delattr(attn, name)  # the fused copy is enough


def _project(attn: Attention, hidden: Tensor, encoder_hidden: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    if attn.fused_projections and encoder_hidden is None:
        query, key, value = attn.to_qkv(hidden).chunk(3, -1)
    elif attn.fused_projections:
        query, (key, value) = attn.to_q(hidden), attn.to_kv(encoder_hidden).chunk(2, -1)
    else:
        seen = hidden if encoder_hidden is None else encoder_hidden
        query, key, value = attn.to_q(hidden), attn.to_k(seen), attn.to_v(seen)
    return query, key, value


def _by_head(rows: Tensor, heads: int) -> Tensor:
    return rows.view(*rows.shape[:2], heads, -1).transpose(1, 2)
