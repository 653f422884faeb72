"""transformers' own model of a Llama or Mistral, for checkpoints with parts that ours has not."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AutoModelForCausalLM, PreTrainedModel

from service.engine.messages import EngineSpec
from service.pipelines.text.attention import PagedAttention
from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.model import shape_of
from service.pipelines.text.staging import to_device

NAME = "pages"


class _CausalLM(Protocol):
    """The parts of transformers' causal language models that are used here."""

    model: nn.Module
    lm_head: nn.Module


class Fallback:
    """transformers' layers around our attention, which it knows under the name "pages"."""

    exact = False

    def __init__(self, model: PreTrainedModel) -> None:
        AttentionInterface.register(NAME, _attention_forward)
        model.set_attn_implementation(NAME)
        causal = cast(_CausalLM, model)
        self._body, self._head = causal.model, causal.lm_head
        self.shape = shape_of(model.config)
        self.device: torch.device = model.device
        self.dtype: torch.dtype = model.dtype

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        """Writes the rows' keys and values; returns scores of the next token [sampled rows, vocabulary]."""
        attention = PagedAttention(cache, self.shape.kv, batch, self.shape.window, self.device)
        ids, places = to_device([batch.token_ids, batch.positions], self.device)
        output = self._body(input_ids=ids[None], position_ids=places[None], use_cache=False, pages=attention)
        rows = to_device(batch.sampled_rows, self.device)
        return cast(Tensor, self._head(output.last_hidden_state[0, rows]))


def load_fallback(spec: EngineSpec) -> Fallback:
    """Reads safetensors, without any code of the checkpoint's."""
    model = AutoModelForCausalLM.from_pretrained(
        spec.folder,
        dtype=getattr(torch, spec.dtype),
        device_map={"": spec.device},
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
    )
    return Fallback(cast(PreTrainedModel, model))  # in evaluation mode, as from_pretrained leaves it


def _attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001 - transformers passes it; the pages have their own
    scaling: float,
    pages: PagedAttention,
    **_: object,
) -> tuple[Tensor, None]:
    """As transformers calls it: query [1, heads, rows, head_dim] in, [1, rows, heads, head_dim] out."""
    layer = module.layer_idx
    assert isinstance(layer, int)
    query, key, value = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    return pages.attend(layer, query, key, value, scaling)[None], None
