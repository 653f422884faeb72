"""How many rows share a call."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from service.engine.messages import EngineSpec
from service.engine.pipeline import OutOfMemory
from service.pipelines.diffusion import width
from service.pipelines.diffusion.pace import Pace
from service.pipelines.diffusion.width import MOST_ROWS, Shape, Widths

SHAPE = (128, 128)


class Device:
    """A stand-in whose calls take as long as `seconds` says of their rows; None does not fit."""

    def __init__(self, seconds: Callable[[int], float | None]) -> None:
        self.now = 100.0
        self.calls: list[tuple[Shape, int]] = []
        self._seconds = seconds

    def measure(self, shape: Shape, rows: int) -> None:
        first = (shape, rows) not in self.calls
        self.calls.append((shape, rows))
        seconds = self._seconds(rows)
        if seconds is None:
            raise OutOfMemory
        self.now += seconds + 9.0 * first  # the first call of a size is slow and must not count


@pytest.fixture
def gpu(spec: EngineSpec) -> EngineSpec:
    return replace(spec, device="cuda")


def widths(
    monkeypatch: pytest.MonkeyPatch, spec: EngineSpec, seconds: Callable[[int], float | None]
) -> tuple[Widths, Device]:
    device = Device(seconds)
    monkeypatch.setattr(width, "time", SimpleNamespace(monotonic=lambda: device.now))
    return Widths(spec, device.measure), device


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (lambda rows: max(1.0, rows / 8), 8),
        (lambda rows: rows, 2),
        (lambda _rows: 1.0, MOST_ROWS),
        (lambda rows: 1 + rows / 3, 16),
        (lambda rows: 1.0 if rows <= 4 else None, 4),
        (lambda _rows: None, 2),
    ],
    ids=[
        "full at 8",
        "nothing gained",
        "always gains",
        "gains less and less",
        "8 do not fit",
        "nothing fits",
    ],
)
def test_a_call_is_as_wide_as_makes_it_faster(
    monkeypatch: pytest.MonkeyPatch,
    gpu: EngineSpec,
    seconds: Callable[[int], float | None],
    expected: int,
) -> None:
    measured, _ = widths(monkeypatch, gpu, seconds)
    assert measured.rows(SHAPE) == expected


def test_each_shape_is_measured_once(monkeypatch: pytest.MonkeyPatch, gpu: EngineSpec) -> None:
    measured, device = widths(monkeypatch, gpu, lambda rows: max(1.0, rows / 4))
    assert measured.rows(SHAPE) == 4
    calls = len(device.calls)
    assert measured.rows(SHAPE) == 4
    assert len(device.calls) == calls
    measured.rows((64, 64))
    assert {shape for shape, _ in device.calls} == {SHAPE, (64, 64)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"device": "cpu"}, 1),
        ({"device": "cpu", "batch_images": 3}, 6),
        ({"device": "cuda", "batch_images": 3}, 6),
        ({"device": "cuda", "batch_images": 3, "batch_invariant": True}, 6),
        ({"device": "cuda", "batch_invariant": True}, 2 * width.INVARIANT_IMAGES),
        ({"device": "cpu", "batch_invariant": True}, 1),
    ],
)
def test_a_width_that_is_set_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, spec: EngineSpec, changes: dict[str, object], expected: int
) -> None:
    fixed, device = widths(monkeypatch, replace(spec, **changes), lambda _rows: 1.0)  # type: ignore[arg-type]
    assert fixed.rows(SHAPE) == expected
    assert device.calls == []


def test_a_call_that_did_not_fit_narrows_its_shape_and_no_other(
    monkeypatch: pytest.MonkeyPatch, spec: EngineSpec
) -> None:
    narrowed, _ = widths(monkeypatch, replace(spec, batch_images=8), lambda _rows: 1.0)
    narrowed.shrink(SHAPE, 12)
    assert narrowed.rows(SHAPE) == 6
    narrowed.shrink(SHAPE, 16)  # it was narrower already
    assert narrowed.rows(SHAPE) == 6
    narrowed.shrink(SHAPE, 1)
    assert narrowed.rows(SHAPE) == 1
    assert narrowed.rows((64, 64)) == 16


def test_pace_tells_seconds_from_what_it_saw() -> None:
    pace = Pace()
    assert pace.seconds("denoise", 1000) == 0
    pace.note("denoise", 100, 2.0)
    assert pace.seconds("denoise", 1000) == pytest.approx(20)
    assert pace.seconds("own", 1000) == 0


def test_pace_follows_changes_and_forgives_a_slow_step() -> None:
    pace = Pace()
    pace.note("denoise", 100, 1.0)
    pace.note("denoise", 100, 2.0)
    assert 1.0 < pace.seconds("denoise", 100) < 1.5
    for _ in range(30):
        pace.note("denoise", 50, 1.0)
    assert pace.seconds("denoise", 100) == pytest.approx(2.0, rel=0.05)
