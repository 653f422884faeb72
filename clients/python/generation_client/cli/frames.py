"""`generate frames`: the frames of an animation, a file each."""

import typer

from generation_client.cli import files
from generation_client.cli import options as o
from generation_client.cli.screen import Screen, preview_every
from generation_client.cli.session import Session, ask, session
from generation_client.requests import FramesOptions
from generation_client.results import Frames, FramesProgress
from generation_client.streams import Stream


def frames(
    prompt: o.Prompt = None,
    num_frames: o.NumFrames = None,
    motion: o.Motion = None,
    format: o.FrameFormat = None,  # noqa: A002  # the contract's name
    fps: o.Fps = None,
    negative_prompt: o.Negative = None,
    style: o.Style = None,
    num_inference_steps: o.Steps = None,
    guidance_scale: o.Guidance = None,
    width: o.Width = None,
    height: o.Height = None,
    seed: o.Seed = None,
    preview: o.PreviewEvery = None,
    model: o.Model = None,
    output: o.Folder = None,
    force: o.Force = False,
    timeout: o.Timeout = None,
    server: o.Server = o.SERVER,
    json: o.Json = False,
) -> None:
    """Paint the frames of an animation and print their files' names; --format adds one playable file."""
    words, seed = ask(prompt), files.drawn(seed)
    asked = FramesOptions(
        num_frames=num_frames,
        motion=motion,
        format=None if format is None else format.value,
        fps=fps,
        negative_prompt=negative_prompt,
        style=style,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        width=width,
        height=height,
        seed=seed,
        model=model,
        preview_every=preview_every(preview, not json),
    )
    stem = f"{files.slug(words)}-{seed}"
    with session(server, json) as running:
        folder = files.folder_for(stem, output, force)
        painted = _painted(running, running.client.stream_frames(words, timeout=timeout, **asked))
        made = {folder / f"{stem}-{index:02}.png": png for index, png in enumerate(painted.pngs)}
        if format is not None and painted.animation is not None:
            made[folder / f"{stem}.{format.value}"] = painted.animation
        for path, data in made.items():
            files.write(data, path, force)
        _tell(running, [str(path) for path in made], painted)


def _painted(running: Session, news: Stream[FramesProgress, Frames]) -> Frames:
    with Screen(not running.json) as screen, news:
        for progress in news:
            screen.update(progress)
    return news.result


def _tell(running: Session, paths: list[str], painted: Frames) -> None:
    if running.json:
        running.print_json({"files": paths, "seed": painted.seed})
    else:
        typer.echo("\n".join(paths))
