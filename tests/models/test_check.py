import json
import pickle
import time
from pathlib import Path

import pytest

from service.models.check import check_folder
from service.models.errors import ModelError
from service.models.weights import weight_files
from tests.models.folders import image_model, one_file_text_model, text_model, write_json, write_weights

FIRST = "model-00001-of-00002.safetensors"
SECOND = "model-00002-of-00002.safetensors"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return text_model(tmp_path / "tiny")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        check_folder(folder)
    return str(caught.value)


class Bomb:
    """Runs code when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_a_sharded_text_model_is_accepted(model: Path) -> None:
    assert check_folder(model) == "text"
    assert [path.name for path in weight_files(model)] == [FIRST, SECOND]


def test_a_single_file_with_a_tied_head_is_accepted(tmp_path: Path) -> None:
    model = one_file_text_model(tmp_path / "tiny")
    assert check_folder(model) == "text"
    assert [path.name for path in weight_files(model)] == ["model.safetensors"]


def test_an_image_model_is_accepted(tmp_path: Path) -> None:
    assert check_folder(image_model(tmp_path / "tiny")) == "image"


def test_hidden_folders_are_not_looked_at(model: Path) -> None:
    (model / ".cache").mkdir()
    (model / ".cache" / "old.bin").write_bytes(b"")
    assert check_folder(model) == "text"


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.PT", "a.pth", "old/a.ckpt", "a.pkl", "a.pickle"]
)
def test_fault_06_pickles_are_refused_and_never_read(model: Path, tmp_path: Path, name: str) -> None:
    trace = tmp_path / "ran"
    (model / name).parent.mkdir(exist_ok=True)
    (model / name).write_bytes(pickle.dumps(Bomb(trace)))
    assert f"tiny/{name} can hold a pickle" in refusal(model)
    assert not trace.exists()


def test_fault_06_a_pickle_that_poses_as_safetensors_is_refused(model: Path, tmp_path: Path) -> None:
    (model / FIRST).write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    assert f"tiny/{FIRST} is corrupt or short" in refusal(model)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "generation_config.json"])
def test_fault_06_auto_map_is_refused_wherever_it_is(model: Path, file: str) -> None:
    (model / "modeling.txt").write_text("raise SystemExit")
    content = json.loads((model / file).read_text()) if (model / file).exists() else {}
    write_json(model / file, content | {"part": [{"auto_map": {"AutoModel": "modeling.Model"}}]})
    assert f"tiny/{file} asks for custom code (auto_map)" in refusal(model)


def test_fault_06_program_code_is_refused(model: Path) -> None:
    (model / "modeling_tiny.py").write_text("raise SystemExit")
    assert "tiny/modeling_tiny.py is program code" in refusal(model)


def test_fault_06_a_pipeline_component_of_its_own_library_is_refused(tmp_path: Path) -> None:
    folder = image_model(tmp_path / "tiny")
    index = json.loads((folder / "model_index.json").read_text())
    write_json(folder / "model_index.json", index | {"unet": ["my_unet", "Unet"]})
    assert "needs custom code" in refusal(folder)


def test_fault_29_folder_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent") == "absent is not a folder of models: fetch it or check the path"


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_fault_29_json_missing_or_broken(model: Path, file: str, content: bytes | None) -> None:
    (model / file).unlink()
    if content is not None:
        (model / file).write_bytes(content)
    assert f"tiny/{file} " in refusal(model)


def test_fault_29_shard_absent(model: Path) -> None:
    (model / SECOND).unlink()
    assert refusal(model) == f"tiny/{SECOND} is missing: fetch the model again"


def test_fault_29_all_weights_absent(model: Path) -> None:
    for path in model.glob("*.safetensors*"):
        path.unlink()
    assert "tiny has no .safetensors weights" in refusal(model)


@pytest.mark.parametrize("left", [0, 7, 8, 100, -1])
def test_fault_29_safetensors_short(model: Path, left: int) -> None:
    whole = (model / FIRST).read_bytes()
    (model / FIRST).write_bytes(whole[:left])
    assert f"tiny/{FIRST} is corrupt or short" in refusal(model)


def test_fault_29_safetensors_too_long(model: Path) -> None:
    with (model / FIRST).open("ab") as file:
        file.write(b"x")
    assert f"tiny/{FIRST} is corrupt or short" in refusal(model)


@pytest.mark.parametrize(
    "header", [b"\xff" * 8, (2**40).to_bytes(8, "little"), b"\0" * 8, b"\3\0\0\0\0\0\0\0{]}"]
)
def test_fault_29_safetensors_corrupt_header(model: Path, header: bytes) -> None:
    whole = (model / FIRST).read_bytes()
    (model / FIRST).write_bytes(header + whole[len(header) :])
    assert f"tiny/{FIRST} is corrupt or short" in refusal(model)


def test_fault_29_tensor_missing_from_its_shard(model: Path) -> None:
    write_weights(model / FIRST, ("model.norm.weight",))
    assert f"tiny/{FIRST} lacks the tensor model.embed_tokens.weight" in refusal(model)


def test_fault_29_layer_missing_from_the_index(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    write_json(model / "config.json", config | {"num_hidden_layers": 2})
    assert "tiny lacks 9 tensors, model.layers.1.input_layernorm.weight among them" in refusal(model)


@pytest.mark.parametrize("layers", [None, 0, -1, "1", 10**9])
def test_fault_29_absurd_number_of_layers(tmp_path: Path, layers: object) -> None:
    assert "num_hidden_layers" in refusal(text_model(tmp_path / "tiny", num_hidden_layers=layers))


@pytest.mark.parametrize("shard", ["../other.safetensors", "/etc/passwd", "model.bin"])
def test_index_that_points_elsewhere_is_refused(model: Path, shard: str) -> None:
    write_json(model / "model.safetensors.index.json", {"weight_map": {"lm_head.weight": shard}})
    assert "not a file beside it" in refusal(model)


@pytest.mark.parametrize("architectures", [["GPT2LMHeadModel"], [], None, "LlamaForCausalLM", [{}]])
def test_other_architectures_are_refused(tmp_path: Path, architectures: object) -> None:
    text = refusal(text_model(tmp_path / "tiny", architectures=architectures))
    assert "served are LlamaForCausalLM, MistralForCausalLM" in text


def test_quantised_weights_are_refused(tmp_path: Path) -> None:
    assert "quantised" in refusal(text_model(tmp_path / "tiny", quantization_config={"bits": 4}))


def test_other_pipelines_are_refused(tmp_path: Path) -> None:
    folder = image_model(tmp_path / "tiny")
    write_json(folder / "model_index.json", {"_class_name": "FluxPipeline"})
    assert refusal(folder) == "tiny is a FluxPipeline; served are StableDiffusionXLPipeline"


def test_image_model_without_its_unet_is_refused(tmp_path: Path) -> None:
    folder = image_model(tmp_path / "tiny")
    (folder / "unet" / "model.fp16.safetensors").unlink()
    assert "unet has no .safetensors weights" in refusal(folder)


def test_the_embedded_model_passes_fast(embedded: Path) -> None:
    check_folder(embedded)
    start = time.perf_counter()
    check_folder(embedded)
    assert time.perf_counter() - start < 3.0  # milliseconds, with slack for a busy machine
