"""`generate image` and `generate edit`: one picture, in a file."""

import typer

from generation_client.cli import files
from generation_client.cli import options as o
from generation_client.cli.screen import Screen, preview_every
from generation_client.cli.session import Session, ask, session
from generation_client.requests import EditOptions, ImageOptions
from generation_client.results import Painting, Progress
from generation_client.streams import Stream


def image(
    prompt: o.Prompt = None,
    negative_prompt: o.Negative = None,
    style: o.Style = None,
    num_inference_steps: o.Steps = None,
    guidance_scale: o.Guidance = None,
    width: o.Width = None,
    height: o.Height = None,
    seed: o.Seed = None,
    preview: o.PreviewEvery = None,
    model: o.Model = None,
    output: o.Output = None,
    force: o.Force = False,
    timeout: o.Timeout = None,
    server: o.Server = o.SERVER,
    json: o.Json = False,
) -> None:
    """Paint an image and print its file's name."""
    words, seed = ask(prompt), files.drawn(seed)
    asked = ImageOptions(
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
    with session(server, json) as running:
        path = files.destination(output, words, seed, force)
        painting = _painted(running, running.client.stream_image(words, timeout=timeout, **asked))
        files.save(painting, path, force)
        _tell(running, str(path), painting)


def edit(
    image: o.Picture,
    prompt: o.EditPrompt = None,
    mask: o.Mask = None,
    strength: o.Strength = None,
    negative_prompt: o.Negative = None,
    style: o.Style = None,
    num_inference_steps: o.EditSteps = None,
    guidance_scale: o.Guidance = None,
    seed: o.Seed = None,
    preview: o.PreviewEvery = None,
    model: o.Model = None,
    output: o.Output = None,
    force: o.Force = False,
    timeout: o.Timeout = None,
    server: o.Server = o.SERVER,
    json: o.Json = False,
) -> None:
    """Change an image towards a prompt and print the new file's name."""
    words, seed = ask(prompt), files.drawn(seed)
    with session(server, json) as running:
        asked = EditOptions(
            negative_prompt=negative_prompt,
            style=style,
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            strength=strength,
            mask=None if mask is None else files.read(mask),
            seed=seed,
            model=model,
            preview_every=preview_every(preview, not json),
        )
        path = files.destination(output, words, seed, force)
        news = running.client.stream_edit(files.read(image), words, timeout=timeout, **asked)
        painting = _painted(running, news)
        files.save(painting, path, force)
        _tell(running, str(path), painting)


def _painted(running: Session, news: Stream[Progress, Painting]) -> Painting:
    with Screen(not running.json) as screen, news:
        for progress in news:
            screen.update(progress)
        screen.finish(news.result.image)
    return news.result


def _tell(running: Session, path: str, painting: Painting) -> None:
    if running.json:
        width, height = painting.image.size
        running.print_json({"file": path, "width": width, "height": height, "seed": painting.seed})
    else:
        typer.echo(path)
