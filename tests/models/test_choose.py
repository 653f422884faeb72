import logging
from pathlib import Path

import pytest

from service.config import Device
from service.models.catalogue import EMBEDDED, GIB, MISTRAL, PICTUREBOOK, SDXL
from service.models.check import check_folder
from service.models.choose import Gpu, choose_image_model, choose_text_model, describe, find_gpu
from service.models.errors import ModelError
from service.models.inventory import inventory
from tests.models.folders import image_model, text_model

BIG = Gpu("H200", 140 * GIB)
MIDDLE = Gpu("A5000", 24 * GIB)
SMALL = Gpu("GTX", 8 * GIB)


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """Both text models, an image model and a model of the operator's own."""
    text_model(tmp_path / EMBEDDED.name)
    text_model(tmp_path / MISTRAL.name)
    image_model(tmp_path / "pictures")
    text_model(tmp_path / "mine")
    return tmp_path


def test_without_a_gpu_the_embedded_model_serves(models_dir: Path) -> None:
    choice = choose_text_model(models_dir, "auto", "auto", None)
    assert (choice.name, choice.device, choice.dtype) == (EMBEDDED.name, "cpu", "int8")
    assert choice.folder == models_dir / EMBEDDED.name
    assert describe(choice) == f"{EMBEDDED.name} (int8 on cpu): the embedded model, on the CPU"


def test_with_a_big_gpu_the_big_model_serves(models_dir: Path) -> None:
    choice = choose_text_model(models_dir, "auto", "auto", BIG)
    assert (choice.name, choice.device, choice.dtype) == (MISTRAL.name, "cuda", "bfloat16")
    assert choice.reason == "the biggest model here that fits, on H200 with 140 GiB"


def test_a_small_gpu_computes_the_embedded_model(models_dir: Path) -> None:
    choice = choose_text_model(models_dir, "auto", "auto", SMALL)
    assert (choice.name, choice.device) == (EMBEDDED.name, "cuda")


def test_device_cpu_ignores_the_gpu(models_dir: Path) -> None:
    choice = choose_text_model(models_dir, "auto", "cpu", BIG)
    assert (choice.name, choice.device, choice.dtype) == (EMBEDDED.name, "cpu", "int8")


def test_a_configured_number_type_is_kept(models_dir: Path) -> None:
    assert choose_text_model(models_dir, "auto", "auto", BIG, "float16").dtype == "float16"


def test_int8_is_for_text_and_for_a_cpu(models_dir: Path) -> None:
    assert choose_text_model(models_dir, "auto", "auto", None, "int8").dtype == "int8"
    image = choose_image_model(models_dir, "auto", "auto", None, "int8")
    assert image is not None
    assert image.dtype == "float32"
    with pytest.raises(ModelError, match="add --device cpu"):
        choose_text_model(models_dir, "auto", "auto", BIG, "int8")


def test_float8_is_for_text_and_for_a_gpu(models_dir: Path) -> None:
    assert choose_text_model(models_dir, "auto", "auto", BIG, "float8").dtype == "float8"
    image = choose_image_model(models_dir, "auto", "auto", BIG, "float8")
    assert image is not None
    assert image.dtype == "bfloat16"
    with pytest.raises(ModelError, match="computes on a GPU"):
        choose_text_model(models_dir, "auto", "auto", None, "float8")


def test_fault_06_what_auto_refuses_is_logged(models_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    (models_dir / MISTRAL.name / "pytorch_model.bin").touch()
    with caplog.at_level(logging.INFO):
        choice = choose_text_model(models_dir, "auto", "auto", BIG)
    assert choice.name == EMBEDDED.name
    assert f"{MISTRAL.name}/pytorch_model.bin can hold a pickle" in caplog.text


def test_fault_06_a_wanted_model_with_a_pickle_is_refused(models_dir: Path) -> None:
    (models_dir / "mine" / "model.pt").touch()
    with pytest.raises(ModelError, match=r"mine/model\.pt can hold a pickle"):
        choose_text_model(models_dir, "mine", "auto", None)


def test_a_wanted_name_or_path_is_taken(models_dir: Path) -> None:
    for wanted in ("mine", str(models_dir / "mine")):
        choice = choose_text_model(models_dir, wanted, "auto", SMALL)
        assert (choice.name, choice.folder, choice.device) == ("mine", models_dir / "mine", "cuda")
        assert choice.reason.startswith("as configured")


def test_fault_29_an_unknown_model_lists_what_exists(models_dir: Path) -> None:
    with pytest.raises(ModelError) as caught:
        choose_text_model(models_dir, "gpt", "auto", None)
    assert str(caught.value) == (
        f"there is no text model 'gpt': {models_dir} has {EMBEDDED.name}, {MISTRAL.name}, mine"
    )


def test_fault_29_an_absent_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"prepare --models-dir {tmp_path}"):
        choose_text_model(tmp_path, "auto", "auto", None)
    with pytest.raises(ModelError, match=f"fetch {MISTRAL.name} --models-dir {tmp_path}"):
        choose_text_model(tmp_path, MISTRAL.name, "auto", None)
    with pytest.raises(ModelError, match=f"has no text model; .*fetch {MISTRAL.name}"):
        choose_text_model(tmp_path, "/nowhere/gpt", "auto", None)


def test_an_image_model_is_no_text_model(models_dir: Path) -> None:
    with pytest.raises(ModelError, match="pictures makes images"):
        choose_text_model(models_dir, "pictures", "auto", None)


def test_with_a_gpu_the_big_image_model_serves(models_dir: Path) -> None:
    image_model(models_dir / SDXL.name)
    choice = choose_image_model(models_dir, "auto", "auto", MIDDLE)
    assert choice is not None
    assert (choice.name, choice.device, choice.dtype) == (SDXL.name, "cuda", "bfloat16")
    assert choice.folder == models_dir / SDXL.name
    assert choice.reason == "the biggest model here that fits, on A5000 with 24 GiB"


def image_model_by_itself(models_dir: Path, gpu: Gpu | None, device: Device = "auto") -> str:
    choice = choose_image_model(models_dir, "auto", device, gpu)
    assert choice is not None
    return choice.name


def test_auto_serves_the_embedded_image_model_where_the_big_one_is_absent_or_does_not_fit(
    models_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert image_model_by_itself(models_dir, BIG) == PICTUREBOOK.name
    assert f"{SDXL.name} is not served: {SDXL.name} is not in" in caplog.text
    image_model(models_dir / SDXL.name)
    assert image_model_by_itself(models_dir, SMALL) == PICTUREBOOK.name
    assert f"{SDXL.name} is not served: it needs 10 GiB of a GPU's memory" in caplog.text
    assert image_model_by_itself(models_dir, None) == PICTUREBOOK.name
    assert image_model_by_itself(models_dir, BIG, "cpu") == PICTUREBOOK.name


def test_the_embedded_image_model_comes_with_the_service(models_dir: Path) -> None:
    for wanted in ("auto", PICTUREBOOK.name):
        choice = choose_image_model(models_dir, wanted, "auto", None)
        assert choice is not None
        assert (choice.name, choice.device, choice.dtype) == (PICTUREBOOK.name, "cpu", "float32")
        assert not choice.folder.is_relative_to(models_dir)
        assert check_folder(choice.folder) == "image"


def test_auto_leaves_the_text_model_its_room_on_the_gpu(
    models_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    image_model(models_dir / SDXL.name)
    big = choose_text_model(models_dir, "auto", "auto", MIDDLE)
    small = choose_text_model(models_dir, EMBEDDED.name, "auto", MIDDLE)
    crowded = choose_image_model(models_dir, "auto", "auto", MIDDLE, beside=big)
    assert crowded is not None
    assert crowded.name == PICTUREBOOK.name
    assert f"it needs 10 GiB of a GPU's memory beside {MISTRAL.name}" in caplog.text
    for gpu, beside in ((MIDDLE, small), (BIG, big)):
        choice = choose_image_model(models_dir, "auto", "auto", gpu, beside=beside)
        assert choice is not None
        assert choice.name == SDXL.name
    assert choose_image_model(models_dir, SDXL.name, "cuda", MIDDLE, beside=big) is not None


def test_fault_06_an_image_model_with_a_pickle_is_refused(models_dir: Path) -> None:
    image_model(models_dir / SDXL.name)
    for folder in (models_dir / SDXL.name, models_dir / "pictures"):
        (folder / "unet" / "model.pt").touch()
    assert image_model_by_itself(models_dir, BIG) == PICTUREBOOK.name
    with pytest.raises(ModelError, match=r"model\.pt can hold a pickle"):
        choose_image_model(models_dir, "pictures", "auto", BIG)


def test_none_serves_no_images(models_dir: Path) -> None:
    image_model(models_dir / SDXL.name)
    assert choose_image_model(models_dir, "none", "auto", BIG) is None


@pytest.mark.parametrize(("gpu", "device", "dtype"), [(SMALL, "cuda", "bfloat16"), (None, "cpu", "float32")])
def test_a_wanted_image_model_is_taken_by_name_or_path(
    models_dir: Path, gpu: Gpu | None, device: str, dtype: str
) -> None:
    for wanted in ("pictures", str(models_dir / "pictures")):
        choice = choose_image_model(models_dir, wanted, "auto", gpu)
        assert choice is not None
        assert (choice.name, choice.folder) == ("pictures", models_dir / "pictures")
        assert (choice.device, choice.dtype) == (device, dtype)
        assert choice.reason.startswith("as configured")


def test_fault_29_an_unknown_image_model_lists_what_exists(models_dir: Path) -> None:
    with pytest.raises(ModelError) as caught:
        choose_image_model(models_dir, "dall-e", "auto", None)
    here = f"{models_dir} has {PICTUREBOOK.name}, pictures"
    told = f"there is no image model 'dall-e': {here}; another comes with: "
    assert str(caught.value).startswith(told)
    assert f"fetch {SDXL.name} --models-dir {models_dir}" in str(caught.value)
    with pytest.raises(ModelError, match=f"fetch {SDXL.name}"):
        choose_image_model(models_dir, SDXL.name, "auto", None)


def test_a_text_model_is_no_image_model(models_dir: Path) -> None:
    with pytest.raises(ModelError, match="mine writes text, and an image model is asked for"):
        choose_image_model(models_dir, "mine", "auto", None)


def test_a_wanted_image_model_too_big_for_the_gpu(models_dir: Path) -> None:
    image_model(models_dir / SDXL.name)
    choice = choose_image_model(models_dir, SDXL.name, "auto", SMALL)
    assert choice is not None
    assert (choice.device, choice.dtype) == ("cpu", "float32")
    with pytest.raises(ModelError, match="choose another --image-model"):
        choose_image_model(models_dir, SDXL.name, "cuda", SMALL)


def test_cuda_without_a_gpu_is_refused(models_dir: Path) -> None:
    for choose in (choose_text_model, choose_image_model):
        with pytest.raises(ModelError, match="device cuda is asked for and no usable GPU was found"):
            choose(models_dir, "auto", "cuda", None)


def test_a_wanted_model_too_big_for_the_gpu(models_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert choose_text_model(models_dir, MISTRAL.name, "auto", SMALL).device == "cpu"
    assert "needs a GPU of 22 GiB and GTX with 8 GiB is smaller" in caplog.text
    with pytest.raises(ModelError, match="needs a GPU of 22 GiB"):
        choose_text_model(models_dir, MISTRAL.name, "cuda", SMALL)


def test_the_inventory_names_every_model_and_its_state(models_dir: Path) -> None:
    (models_dir / "mine" / "tokenizer.json").unlink()
    (models_dir / ".mistral.part").mkdir()
    (models_dir / "notes").mkdir()
    entries = {entry.name: entry for entry in inventory(models_dir)}
    assert list(entries) == [
        EMBEDDED.name,
        PICTUREBOOK.name,
        MISTRAL.name,
        "sdxl-base-1.0",
        "mine",
        "pictures",
    ]
    assert entries[EMBEDDED.name].problem is None
    assert (entries["pictures"].modality, entries["pictures"].problem) == ("image", None)
    assert str(entries["mine"].problem).startswith("refused: mine/tokenizer.json cannot be read")
    assert str(entries["sdxl-base-1.0"].problem).startswith("not here: ")


@pytest.mark.parametrize("visible", ["", "-1", "GPU-00000000-0000-0000-0000-000000000000"])
def test_a_hidden_gpu_is_not_found(monkeypatch: pytest.MonkeyPatch, visible: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert find_gpu() is None


@pytest.mark.parametrize(
    "parts",
    [
        {"model_type": "qwen2"},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
        {"rope_parameters": {"rope_type": "longrope"}},
    ],
    ids=str,
)
def test_auto_takes_int8_on_a_cpu_only_where_the_checkpoint_can_be_computed_in_it(
    tmp_path: Path, parts: dict[str, object]
) -> None:
    text_model(tmp_path / "plain")
    text_model(tmp_path / "other", **parts)
    for name, dtype in (("plain", "int8"), ("other", "float32")):
        choice = choose_text_model(tmp_path, name, "auto", None)
        assert (choice.device, choice.dtype) == ("cpu", dtype)
