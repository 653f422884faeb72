"""The arguments and options of the commands; their help is the contract's."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from generation_client.cli.completion import models, styles
from generation_client.cli.contract import about

SERVER = "localhost:50051"
TEXT, IMAGE, EDIT, FRAMES = (
    f"{name}Request" for name in ("GenerateText", "GenerateImage", "EditImage", "GenerateFrames")
)


class Format(StrEnum):
    """The files that frames can become."""

    WEBP = "webp"
    MP4 = "mp4"


# every command
Server: TypeAlias = Annotated[
    str, typer.Option("--server", envvar="GENERATION_SERVER", help="host:port of the service's gRPC port.")
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option("--timeout", min=0, help="Seconds the call may take. Unset: what the service allows, 600."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON object, the service's errors too.")]

# whatever is made
PIPED = " `-`, or a pipe and no prompt: standard input."
Prompt: TypeAlias = Annotated[
    str | None, typer.Argument(help=about(f"{IMAGE}.prompt") + PIPED, show_default=False)
]
Seed: TypeAlias = Annotated[int | None, typer.Option("--seed", help=about(f"{IMAGE}.seed"))]
Model: TypeAlias = Annotated[
    str | None, typer.Option("--model", help=about(f"{IMAGE}.model"), autocompletion=models)
]

# text
TextPrompt: TypeAlias = Annotated[
    str | None, typer.Argument(help=about(f"{TEXT}.prompt") + PIPED, show_default=False)
]
TextSeed: TypeAlias = Annotated[int | None, typer.Option("--seed", help=about(f"{TEXT}.seed"))]
MaxTokens: TypeAlias = Annotated[int | None, typer.Option("--max-tokens", help=about(f"{TEXT}.max_tokens"))]
Temperature: TypeAlias = Annotated[
    float | None, typer.Option("--temperature", help=about(f"{TEXT}.temperature"))
]
TopP: TypeAlias = Annotated[float | None, typer.Option("--top-p", help=about(f"{TEXT}.top_p"))]
TopK: TypeAlias = Annotated[int | None, typer.Option("--top-k", help=about(f"{TEXT}.top_k"))]
MinP: TypeAlias = Annotated[float | None, typer.Option("--min-p", help=about(f"{TEXT}.min_p"))]
RepetitionPenalty: TypeAlias = Annotated[
    float | None, typer.Option("--repetition-penalty", help=about(f"{TEXT}.repetition_penalty"))
]
Stop: TypeAlias = Annotated[
    list[str] | None, typer.Option("--stop", help=about(f"{TEXT}.stop") + " May be given again.")
]
TextModel: TypeAlias = Annotated[
    str | None, typer.Option("--model", help=about(f"{TEXT}.model"), autocompletion=models)
]

# pictures
Negative: TypeAlias = Annotated[
    str | None, typer.Option("--negative-prompt", help=about(f"{IMAGE}.negative_prompt"))
]
Style: TypeAlias = Annotated[
    str | None, typer.Option("--style", help=about(f"{IMAGE}.style"), autocompletion=styles)
]
Steps: TypeAlias = Annotated[
    int | None, typer.Option("--num-inference-steps", "--steps", help=about(f"{IMAGE}.num_inference_steps"))
]
EditSteps: TypeAlias = Annotated[
    int | None, typer.Option("--num-inference-steps", "--steps", help=about(f"{EDIT}.num_inference_steps"))
]
Guidance: TypeAlias = Annotated[
    float | None, typer.Option("--guidance-scale", help=about(f"{IMAGE}.guidance_scale"))
]
Width: TypeAlias = Annotated[int | None, typer.Option("--width", help=about(f"{IMAGE}.width"))]
Height: TypeAlias = Annotated[int | None, typer.Option("--height", help=about(f"{IMAGE}.height"))]
PreviewEvery: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--preview-every",
        help="Steps between previews in terminals that show pictures, 0 (none) to 150. Unset: 5.",
    ),
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="A file (its ending says which kind) or a folder that is there."
        " Unset: named after prompt and seed, such as a-cat-42.png.",
    ),
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")]

# edits
EditPrompt: TypeAlias = Annotated[
    str | None, typer.Argument(help=about(f"{EDIT}.prompt") + PIPED, show_default=False)
]
Picture: TypeAlias = Annotated[Path, typer.Argument(help=about(f"{EDIT}.image_base64"), show_default=False)]
Mask: TypeAlias = Annotated[Path | None, typer.Option("--mask", help=about(f"{EDIT}.mask"))]
Strength: TypeAlias = Annotated[float | None, typer.Option("--strength", help=about(f"{EDIT}.strength"))]

# frames
NumFrames: TypeAlias = Annotated[int | None, typer.Option("--num-frames", help=about(f"{FRAMES}.num_frames"))]
Motion: TypeAlias = Annotated[float | None, typer.Option("--motion", help=about(f"{FRAMES}.motion"))]
FrameFormat: TypeAlias = Annotated[Format | None, typer.Option("--format", help=about(f"{FRAMES}.format"))]
Fps: TypeAlias = Annotated[int | None, typer.Option("--fps", help=about(f"{FRAMES}.fps"))]
Folder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The folder that the frames go to, made if it is not there. Unset: this one."
    ),
]

# conversations
ChatMessage: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        help="What to say. `-`, or a pipe and no message: standard input. Otherwise a conversation begins.",
        show_default=False,
    ),
]
System: TypeAlias = Annotated[
    str | None, typer.Option("--system", help="What the model is told before the conversation.")
]
