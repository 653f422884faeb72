"""The embedded model's GGUF with its matrices in 8 bits: what compares with the service's int8."""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
from gguf.quants import dequantize, quantize
from numpy.typing import NDArray

OWN = ("GGUF.", "general.architecture", "general.file_type")  # fields that the writer writes itself


def write_eight_bits(source: Path, target: Path) -> None:
    """Writes Q8_0, a scale for every 32 weights, unless it is there; vectors stay float32."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    reader = GGUFReader(source)
    writer = GGUFWriter(part, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if not name.startswith(OWN):
            kind, *inner = field.types
            writer.add_key_value(name, field.contents(), kind, sub_type=inner[-1] if inner else None)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    for tensor in reader.tensors:
        _add(writer, tensor.name, dequantize(tensor.data, tensor.tensor_type))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(target)


def _add(writer: GGUFWriter, name: str, weights: NDArray[np.float32]) -> None:
    if weights.ndim == 1:
        writer.add_tensor(name, weights)
    else:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(weights, kind), raw_dtype=kind)
