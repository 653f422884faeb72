"""Checks a text request and makes it numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.v1.generation_pb2 import ChatMessage, GenerateTextRequest
from service.engine.params import TextParams
from service.errors import InvalidArgument, Violation
from service.params import limits
from service.params.checks import Checker, shown
from service.text.chat_template import ChatTurn, Role
from service.text.tokenizer import PromptTooLong, TextTokenizer

_ROLES: dict[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
_ROLE_ORDER = "system only first, then user and assistant in turn, the user last"


@dataclass(frozen=True, slots=True)
class TextInput:
    """A checked text request: what the engine gets, the strings that end it, the prompt as sent."""

    params: TextParams
    stop: tuple[str, ...]
    prompt: str


def check_text(
    request: GenerateTextRequest, tokenizer: TextTokenizer, *, continued: bool = False
) -> TextInput:
    """Checks everything about a text request and tokenises it: work for a thread.

    A prompt that is to be `continued` is not put into the model's chat template.

    Raises InvalidArgument with every violation; the prompt is not tokenised if there is another.
    """
    check = Checker()
    temperature = check.number(request, limits.TEMPERATURE)
    top_p = check.number(request, limits.TOP_P)
    top_k = check.integer(request, limits.TOP_K)
    min_p = check.number(request, limits.MIN_P)
    repetition_penalty = check.number(request, limits.REPETITION_PENALTY)
    seed = check.seed(request)
    stop = _stop(check, request.stop)
    _positive_max_tokens(check, request, tokenizer)
    _words(check, request, tokenizer)
    check.raise_if_any()
    prompt_ids = _tokenize(request, tokenizer, continued)
    max_tokens = _max_tokens(check, request, len(prompt_ids), tokenizer)
    check.raise_if_any()
    params = TextParams(
        prompt_ids=prompt_ids,
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        seed=seed,
        stop_ids=tokenizer.stop_ids,
    )
    return TextInput(params, stop, request.prompt)


def _stop(check: Checker, stop: Sequence[str]) -> tuple[str, ...]:
    if len(stop) > limits.MOST_STOP_STRINGS:
        check.refuse("stop", f"got {len(stop)} strings, takes at most {limits.MOST_STOP_STRINGS}")
    for i, text in enumerate(stop[: limits.MOST_STOP_STRINGS]):
        if not 1 <= len(text) <= limits.LONGEST_STOP_STRING:
            check.refuse(f"stop[{i}]", f"got {len(text)} characters, takes 1 to {limits.LONGEST_STOP_STRING}")
    return tuple(stop)


def _positive_max_tokens(check: Checker, request: GenerateTextRequest, tokenizer: TextTokenizer) -> None:
    if request.HasField("max_tokens") and not 1 <= request.max_tokens <= tokenizer.context_tokens:
        most = f"{tokenizer.context_tokens}, the context, less the prompt's tokens"
        check.refuse("max_tokens", f"got {request.max_tokens}, takes 1 to {most}")


def _words(check: Checker, request: GenerateTextRequest, tokenizer: TextTokenizer) -> None:
    if not request.messages:
        if not request.prompt.strip():
            check.refuse("prompt", "is blank, takes text (or send messages)")
    elif request.prompt:
        check.refuse("prompt", "got prompt and messages, takes exactly one of the two")
    elif not tokenizer.has_template:
        check.refuse("messages", "the model has no chat template, takes a prompt instead")
    elif len(request.messages) > tokenizer.context_tokens:
        count = len(request.messages)
        check.refuse("messages", f"got {count} messages, the context takes {tokenizer.context_tokens} tokens")
    else:
        _messages(check, request.messages)


def _messages(check: Checker, messages: Sequence[ChatMessage]) -> None:
    for i, message in enumerate(messages):
        if not message.content.strip():
            check.refuse(f"messages[{i}].content", "is blank, takes text")
    wrong = _first_wrong_role(messages)
    if wrong is not None:
        i, takes = wrong
        check.refuse(f"messages[{i}].role", f"got {shown(messages[i].role)}, takes {takes} ({_ROLE_ORDER})")


def _first_wrong_role(messages: Sequence[ChatMessage]) -> tuple[int, Role] | None:
    """Where the order breaks and what belongs there; after that no role has a right place."""
    order: list[Role] = ["user", "assistant"] * len(messages)
    if messages[0].role == "system":
        order.insert(0, "system")
    for i, message in enumerate(messages):
        if message.role != order[i]:
            return i, order[i]
    return None if messages[-1].role == "user" else (len(messages) - 1, "user")


def _tokenize(request: GenerateTextRequest, tokenizer: TextTokenizer, continued: bool) -> tuple[int, ...]:
    try:
        if continued:
            return tokenizer.encode_text(request.prompt)
        if not request.messages:
            return tokenizer.encode_prompt(request.prompt)
        return tokenizer.encode_chat([ChatTurn(_ROLES[m.role], m.content) for m in request.messages])
    except PromptTooLong as error:
        takes = f"the context of {tokenizer.context_tokens} tokens takes at most {error.most}"
        violation = Violation(_source(request), f"got {error.characters} characters, {takes}")
        raise InvalidArgument([violation]) from error


def _max_tokens(check: Checker, request: GenerateTextRequest, used: int, tokenizer: TextTokenizer) -> int:
    context = tokenizer.context_tokens
    left = context - used
    if left < 1:
        check.refuse(_source(request), f"got {used} tokens, the context takes {context} with the answer's")
    elif request.max_tokens > left:
        got = f"got {request.max_tokens}, takes 1 to {left}"
        check.refuse("max_tokens", f"{got}: the prompt has {used} of the context's {context} tokens")
    return request.max_tokens if request.HasField("max_tokens") else min(limits.DEFAULT_MAX_TOKENS, left)


def _source(request: GenerateTextRequest) -> str:
    return "messages" if request.messages else "prompt"
