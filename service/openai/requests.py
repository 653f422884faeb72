"""From OpenAI's requests to the contract's own, which are then checked as all others are."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Value

from generation.v1 import generation_pb2 as pb
from generation.v1 import openai_pb2 as openai
from service.params.checks import Checker, shown
from service.params.limits import IntField

DEFAULT_COMPLETION_TOKENS = 16  # OpenAI's own
IMAGES = IntField("n", 1, 10, default=1)
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_ROLES = {"developer": "system"}
_STYLES = {"vivid": "none", "natural": "none"}

TextRequest: TypeAlias = openai.CreateChatCompletionRequest | openai.CreateCompletionRequest


def chat(request: openai.CreateChatCompletionRequest) -> pb.GenerateTextRequest:
    """A conversation to continue. Raises InvalidArgument for what is not offered."""
    check = Checker()
    wanted = _text(check, request)
    if request.HasField("max_completion_tokens"):
        wanted.max_tokens = request.max_completion_tokens
    if not request.messages:
        check.refuse("messages", "is empty, takes at least one message")
    for i, message in enumerate(request.messages):
        content = _content(check, f"messages[{i}].content", message.content)
        wanted.messages.add(role=_ROLES.get(message.role, message.role), content=content)
    if request.logprobs:
        check.refuse("logprobs", "got true, takes false: they are not told")
    if request.tools:
        check.refuse("tools", f"got {len(request.tools)}, takes none: no functions are called")
    form = _plain(request.response_format)
    if form is not None and form != {"type": "text"}:
        check.refuse("response_format", 'takes {"type": "text"} only')
    check.raise_if_any()
    return wanted


def completion(request: openai.CreateCompletionRequest) -> pb.GenerateTextRequest:
    """A text to continue. Raises InvalidArgument for what is not offered."""
    check = Checker()
    wanted = _text(check, request)
    if not request.HasField("max_tokens"):
        wanted.max_tokens = DEFAULT_COMPLETION_TOKENS
    prompts = _strings(check, "prompt", request.prompt)
    if len(prompts) > 1:
        check.refuse("prompt", f"got {len(prompts)} texts, takes one")
    wanted.prompt = prompts[0] if prompts else ""
    if request.logprobs:
        check.refuse("logprobs", f"got {request.logprobs}, takes 0: they are not told")
    if request.echo:
        check.refuse("echo", "got true, takes false")
    if request.suffix:
        check.refuse("suffix", "takes an empty string only: nothing is filled in before it")
    check.raise_if_any()
    return wanted


def images(request: openai.CreateImagesRequest) -> tuple[pb.GenerateImageRequest, int]:
    """An image to paint, and how many of it. Raises InvalidArgument for what is not offered."""
    check = Checker()
    wanted = pb.GenerateImageRequest(prompt=request.prompt)
    if request.model:
        wanted.model = request.model
    if request.style:
        wanted.style = _STYLES.get(request.style, request.style)
    if request.size not in ("", "auto"):
        size = _SIZE.fullmatch(request.size)
        if size is None:
            check.refuse("size", f'got {shown(request.size)}, takes a size such as "512x768" or "auto"')
        else:
            wanted.width, wanted.height = map(int, size.groups())
    if request.response_format not in ("", "b64_json"):
        got = shown(request.response_format)
        check.refuse(
            "response_format", f'got {got}, takes "b64_json": no files are kept that a URL could name'
        )
    count = check.integer(request, IMAGES)
    check.raise_if_any()
    return wanted, count


def _text(check: Checker, request: TextRequest) -> pb.GenerateTextRequest:
    """What both kinds of text have in common."""
    wanted = pb.GenerateTextRequest(stop=_strings(check, "stop", request.stop))
    if request.model:
        wanted.model = request.model
    for name in ("max_tokens", "temperature", "top_p", "seed"):
        if request.HasField(name):
            setattr(wanted, name, getattr(request, name))
    if request.HasField("n") and request.n != 1:
        check.refuse("n", f"got {request.n}, takes 1")
    for name in ("frequency_penalty", "presence_penalty"):
        if value := getattr(request, name):
            check.refuse(name, f"got {value:g}, takes 0: see repetition_penalty of /text/generate")
    return wanted


def _content(check: Checker, field: str, value: Value) -> str:
    """A message's text, whole or in parts."""
    parts = _plain(value)
    if isinstance(parts, str):
        return parts
    texts = [part.get("text") for part in _dicts(parts) if part.get("type") == "text"]
    if isinstance(parts, list) and len(texts) == len(parts):
        return "".join(text for text in texts if isinstance(text, str))
    check.refuse(field, 'takes a string, or a list of {"type": "text", "text": "..."}')
    return ""


def _strings(check: Checker, field: str, value: Value) -> Sequence[str]:
    """One string or a list of strings."""
    given = _plain(value)
    if given is None:
        return []
    strings = [given] if isinstance(given, str) else given
    if isinstance(strings, list) and all(isinstance(text, str) for text in strings):
        return [str(text) for text in strings]
    check.refuse(field, "takes a string or a list of strings")
    return []


def _plain(value: Value) -> object:
    """What a JSON value holds; None where it is null or unset."""
    return MessageToDict(value) if value.WhichOneof("kind") else None


def _dicts(value: object) -> Iterable[dict[str, object]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
