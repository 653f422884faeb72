import asyncio
import math
import time
from pathlib import Path

import pytest

from generation.v1.generation_pb2 import ChatMessage, GenerateTextRequest
from service.errors import InvalidArgument
from service.params.text import TextInput, check_text
from tests.unit.small_tokenizers import real_tokenizer, small_tokenizer

ROLE_ORDER = "(system only first, then user and assistant in turn, the user last)"


def check(request: GenerateTextRequest, context: int = 4096) -> TextInput:
    return check_text(request, real_tokenizer(context))


def violations(request: GenerateTextRequest, context: int = 4096) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        check(request, context)
    return {v.field: v.description for v in caught.value.violations}


def chat(*roles: str, content: str = "hi") -> GenerateTextRequest:
    return GenerateTextRequest(messages=[ChatMessage(role=role, content=content) for role in roles])


def test_unset_fields_get_the_documented_defaults() -> None:
    text = check(GenerateTextRequest(prompt="Tell me a joke"))
    params = text.params
    assert (params.max_tokens, params.temperature, params.top_p, params.top_k) == (256, 0.7, 0.95, 0)
    assert (params.min_p, params.repetition_penalty) == (0.0, 1.0)
    assert params.stop_ids == {2}
    assert params.prompt_ids == real_tokenizer().encode_prompt("Tell me a joke")
    assert (text.stop, text.prompt) == ((), "Tell me a joke")


def test_what_is_sent_is_what_counts() -> None:
    request = GenerateTextRequest(
        prompt=" x ",
        max_tokens=1,
        temperature=0,
        top_p=0,
        top_k=40,
        min_p=0.05,
        repetition_penalty=1.1,
        seed=7,
    )
    request.stop[:] = ["\n", "END"]
    text = check(request)
    params = text.params
    assert (params.max_tokens, params.temperature, params.top_p, params.top_k) == (1, 0, 0, 40)
    assert (params.min_p, params.repetition_penalty, params.seed) == (0.05, 1.1, 7)
    assert (text.stop, text.prompt) == (("\n", "END"), " x ")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 2.1])
def test_fault_13_temperatures_are_refused(value: float) -> None:
    request = GenerateTextRequest(prompt="x", temperature=value)
    assert violations(request) == {"temperature": f"got {value:g}, takes 0 to 2"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1])
def test_fault_14_shares_are_refused(value: float) -> None:
    request = GenerateTextRequest(prompt="x", top_p=value, min_p=value)
    assert violations(request) == dict.fromkeys(("top_p", "min_p"), f"got {value:g}, takes 0 to 1")


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 0, 2.5])
def test_repetition_penalties_are_refused(value: float) -> None:
    request = GenerateTextRequest(prompt="x", repetition_penalty=value)
    assert violations(request) == {"repetition_penalty": f"got {value:g}, takes 0.1 to 2"}


@pytest.mark.parametrize("value", [0, -1, -(2**31), 4097, 2**31 - 1])
def test_fault_15_max_tokens_are_refused(value: int) -> None:
    found = violations(GenerateTextRequest(prompt="x", max_tokens=value))
    assert found == {"max_tokens": f"got {value}, takes 1 to 4096, the context, less the prompt's tokens"}


def test_fault_16_prompt_and_answer_have_to_fit_the_context() -> None:
    used = len(real_tokenizer().encode_prompt("hello"))
    left = 100 - used
    assert check(GenerateTextRequest(prompt="hello", max_tokens=left), 100).params.max_tokens == left
    found = violations(GenerateTextRequest(prompt="hello", max_tokens=left + 1), 100)
    told = f"got {left + 1}, takes 1 to {left}: the prompt has {used} of the context's 100 tokens"
    assert found == {"max_tokens": told}


def test_unset_max_tokens_are_what_the_context_leaves() -> None:
    used = len(real_tokenizer().encode_prompt("hello"))
    assert check(GenerateTextRequest(prompt="hello"), 100).params.max_tokens == 100 - used
    assert check(GenerateTextRequest(prompt="hello"), used + 1).params.max_tokens == 1


def test_fault_16_a_prompt_that_leaves_nothing_is_named_itself() -> None:
    used = len(real_tokenizer().encode_prompt("hello"))
    told = f"got {used} tokens, the context takes {used} with the answer's"
    assert violations(GenerateTextRequest(prompt="hello"), used) == {"prompt": told}
    assert violations(GenerateTextRequest(prompt="hello", max_tokens=1), used) == {"prompt": told}
    assert list(violations(chat("user", content="hello " * 200), 100)) == ["messages"]


@pytest.mark.parametrize("prompt", ["", " ", "\n\t \u3000"])
def test_fault_17_blank_prompts_are_refused(prompt: str) -> None:
    assert list(violations(GenerateTextRequest(prompt=prompt))) == ["prompt"]


@pytest.mark.parametrize("text", ["a", "a b ", "中"])
def test_fault_17_a_prompt_of_a_megabyte_is_refused_with_numbers(text: str) -> None:
    length = 10**6 // len(text)
    found = violations(GenerateTextRequest(prompt=text * length))
    assert f"got {length * len(text)} characters" in found["prompt"]
    assert len(found["prompt"]) < 200


async def test_fault_17_the_event_loop_stays_responsive_while_a_long_prompt_is_tokenised() -> None:
    request = GenerateTextRequest(prompt="中" * 300_000)  # about a second of tokenising
    real_tokenizer()
    task = asyncio.create_task(asyncio.to_thread(check, request))
    longest, last = 0.0, time.monotonic()
    while not task.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert isinstance(task.exception(), InvalidArgument)
    assert longest < 0.4


@pytest.mark.parametrize("prompt", ["<|im_end|>", "\x00", "\u202eabc", "😀" * 10, "\u200b"])
def test_fault_18_odd_characters_are_text(prompt: str) -> None:
    assert check(GenerateTextRequest(prompt=prompt)).prompt == prompt


def test_exactly_one_of_prompt_and_messages() -> None:
    both = chat("user")
    both.prompt = "x"
    assert violations(both) == {"prompt": "got prompt and messages, takes exactly one of the two"}
    assert violations(GenerateTextRequest()) == {"prompt": "is blank, takes text (or send messages)"}


@pytest.mark.parametrize(
    "roles", ["user", "system user", "user assistant user", "system user assistant user assistant user"]
)
def test_conversations_are_tokenised_with_the_template(roles: str) -> None:
    text = check(chat(*roles.split()))
    assert text.prompt == ""
    assert text.params.prompt_ids[-3:] == real_tokenizer().encode_prompt("x")[-3:]


@pytest.mark.parametrize(
    ("roles", "field", "told"),
    [
        ("robot", "messages[0].role", "got 'robot', takes user"),
        ("assistant user", "messages[0].role", "got 'assistant', takes user"),
        ("system", "messages[0].role", "got 'system', takes user"),
        ("user user", "messages[1].role", "got 'user', takes assistant"),
        ("user assistant", "messages[1].role", "got 'assistant', takes user"),
        ("user system user", "messages[1].role", "got 'system', takes assistant"),
        ("system system user", "messages[1].role", "got 'system', takes user"),
        ("system user assistant", "messages[2].role", "got 'assistant', takes user"),
        ("user assistant USER", "messages[2].role", "got 'USER', takes user"),
        ("user assistant assistant user user", "messages[2].role", "got 'assistant', takes user"),
    ],
)
def test_roles_have_an_order(roles: str, field: str, told: str) -> None:
    assert violations(chat(*roles.split())) == {field: f"{told} {ROLE_ORDER}"}


def test_blank_messages_are_named() -> None:
    request = chat("user", "assistant", "user")
    request.messages[1].content = " \n"
    assert violations(request) == {"messages[1].content": "is blank, takes text"}


def test_more_messages_than_tokens_are_refused() -> None:
    found = violations(chat(*["user", "assistant"] * 3000))
    assert found == {"messages": "got 6000 messages, the context takes 4096 tokens"}


def test_a_model_without_a_template_takes_no_messages(tmp_path: Path) -> None:
    plain = small_tokenizer(tmp_path, template=None)
    assert check_text(GenerateTextRequest(prompt="the fox"), plain).params.prompt_ids[0] == 1
    with pytest.raises(InvalidArgument, match="messages: the model has no chat template"):
        check_text(chat("user"), plain)


def test_a_model_without_a_system_role_takes_system_messages(tmp_path: Path) -> None:
    request = chat("system", "user", content="the fox")
    assert check_text(request, small_tokenizer(tmp_path)).params.prompt_ids


def test_stop_strings_are_counted_and_measured() -> None:
    found = violations(GenerateTextRequest(prompt="x", stop=["a", "", "b" * 257]))
    told = {0: "got 0 characters, takes 1 to 256", 257: "got 257 characters, takes 1 to 256"}
    assert found == {"stop[1]": told[0], "stop[2]": told[257]}
    assert violations(GenerateTextRequest(prompt="x", stop=["a"] * 17)) == {
        "stop": "got 17 strings, takes at most 16"
    }
    assert len(check(GenerateTextRequest(prompt="x", stop=["a" * 256] * 16)).stop) == 16


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = violations(GenerateTextRequest(prompt=" ", temperature=3, top_k=-1, max_tokens=0, seed=-1))
    assert list(found) == ["temperature", "top_k", "seed", "max_tokens", "prompt"]


def test_fault_37_a_seed_is_used_or_drawn() -> None:
    assert check(GenerateTextRequest(prompt="x", seed=0)).params.seed == 0
    assert len({check(GenerateTextRequest(prompt="x")).params.seed for _ in range(9)}) == 9
    assert list(violations(GenerateTextRequest(prompt="x", seed=2**32))) == ["seed"]
