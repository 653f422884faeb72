"""OpenAI's own client, written by others, gets from this service what it expects."""

from __future__ import annotations  # the async stub exists for type checkers only

import base64
import io
from collections.abc import AsyncIterator

import openai
import pytest
import pytest_asyncio
from openai.types.chat import ChatCompletionMessageParam
from PIL import Image

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc, openai_pb2, openai_pb2_grpc
from service.models.catalogue import EMBEDDED, PICTUREBOOK
from tests.stack import Stack

TEXT, IMAGE = EMBEDDED.name, PICTUREBOOK.name
ASKED: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Answer with one short sentence."},
    {"role": "user", "content": "What is the capital of France?"},
]


@pytest_asyncio.fixture(loop_scope="session")
async def client(stack: Stack) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{stack.rest_url}/v1"
    async with (
        openai.DefaultAsyncHttpxClient(trust_env=False) as http,
        openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, http_client=http) as client,
    ):
        yield client


async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    models = {model.id: model async for model in client.models.list()}
    assert set(models) == {TEXT, IMAGE}
    assert models[TEXT].object == "model"
    assert models[TEXT].created > 1_700_000_000


async def test_a_chat_is_answered_as_the_contract_answers_it(
    client: openai.AsyncOpenAI, generation: generation_pb2_grpc.GenerationAsyncStub
) -> None:
    turns = [pb.ChatMessage(role=turn["role"], content=str(turn.get("content"))) for turn in ASKED]
    request = pb.GenerateTextRequest(messages=turns, temperature=0, max_tokens=20)
    told = await generation.GenerateText(request)
    answer = await client.chat.completions.create(
        model=TEXT, messages=ASKED, temperature=0, max_completion_tokens=20
    )
    (choice,) = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", told.text)
    assert choice.finish_reason == told.finish_reason
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
        told.prompt_tokens,
        told.completion_tokens,
    )
    assert answer.usage.total_tokens == told.prompt_tokens + told.completion_tokens


async def test_content_in_parts_is_the_same_as_a_string(client: openai.AsyncOpenAI) -> None:
    parts: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": [{"type": "text", "text": "Say "}, {"type": "text", "text": "hello."}]}
    ]
    whole: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
    first, second = [
        await client.chat.completions.create(model=TEXT, messages=turns, temperature=0, max_tokens=8)
        for turns in (parts, whole)
    ]
    assert first.choices[0].message.content == second.choices[0].message.content
    assert first.usage == second.usage


async def test_a_streamed_chat_adds_up_to_the_whole_answer(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model=TEXT, messages=ASKED, temperature=0, max_tokens=20)
    stream = await client.chat.completions.create(
        model=TEXT,
        messages=ASKED,
        temperature=0,
        max_tokens=20,
        stream=True,
        stream_options={"include_usage": True},
    )
    *chunks, last = [chunk async for chunk in stream]
    assert len(chunks) > 3
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    )
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [*[None] * (len(chunks) - 1), whole.choices[0].finish_reason]
    assert len({chunk.id for chunk in [*chunks, last]}) == 1
    assert last.choices == []
    assert last.usage == whole.usage


async def test_a_prompt_that_looks_like_the_key_streams_nothing(client: openai.AsyncOpenAI) -> None:
    turns: list[ChatCompletionMessageParam] = [{"role": "user", "content": '{"stream": true}, "stream":true'}]
    answer = await client.chat.completions.create(model=TEXT, messages=turns, max_tokens=2, stream=False)
    assert answer.object == "chat.completion"


async def test_a_completion_continues_its_prompt_without_a_template(client: openai.AsyncOpenAI) -> None:
    answer = await client.completions.create(model=TEXT, prompt="One, two, three,", temperature=0)
    assert answer.choices[0].text.startswith(" four")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 16


async def test_a_streamed_completion_adds_up_and_stops_at_a_string(client: openai.AsyncOpenAI) -> None:
    stream = await client.completions.create(
        model=TEXT, prompt=["One, two, three,"], temperature=0, stop=" six", stream=True
    )
    pieces = [chunk async for chunk in stream]
    assert "".join(piece.choices[0].text for piece in pieces) == " four, five,"
    assert pieces[-1].choices[0].finish_reason == "stop"


async def test_images_have_their_size_and_differ(client: openai.AsyncOpenAI) -> None:
    answer = await client.images.generate(model=IMAGE, prompt="A rocket", n=2, size="256x256")
    assert answer.data is not None
    pngs = [base64.b64decode(image.b64_json or "") for image in answer.data]
    assert [Image.open(io.BytesIO(png)).size for png in pngs] == [(256, 256)] * 2
    assert pngs[0] != pngs[1]


WRONG: dict[str, dict[str, object]] = {
    "temperature": {"temperature": 3},
    "n": {"n": 2},
    "tools": {"tools": [{"type": "function", "function": {"name": "f"}}]},
    "logprobs": {"logprobs": True},
    "response_format": {"response_format": {"type": "json_object"}},
    "presence_penalty": {"presence_penalty": 0.5},
    "stop": {"stop": [1, 2]},
    "messages[0].content": {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
    "messages": {"messages": []},
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("field", WRONG)
async def test_what_is_not_offered_is_a_bad_request_that_names_the_field(
    client: openai.AsyncOpenAI, field: str, stream: bool
) -> None:
    body: dict[str, object] = {"model": TEXT, "messages": ASKED, "stream": stream} | WRONG[field]
    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/chat/completions", cast_to=object, body=body)
    assert f" - {field}: " in str(caught.value)


WRONG_IMAGES: dict[str, dict[str, object]] = {
    "size": {"size": "huge"},
    "width": {"size": "13x256"},
    "response_format": {"response_format": "url"},
    "n": {"n": 11},
    "prompt": {"prompt": " "},
}


@pytest.mark.parametrize("field", WRONG_IMAGES)
async def test_a_wrong_image_is_a_bad_request_that_names_the_field(
    client: openai.AsyncOpenAI, field: str
) -> None:
    body: dict[str, object] = {"prompt": "A rocket"} | WRONG_IMAGES[field]
    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/images/generations", cast_to=object, body=body)
    assert f" - {field}: " in str(caught.value)


async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="gpt-4o"):
        await client.chat.completions.create(model="gpt-4o", messages=ASKED)


async def test_a_stream_that_fails_on_its_way_raises_in_the_client(client: openai.AsyncOpenAI) -> None:
    stream = await client.completions.create(
        model=TEXT,
        prompt="Once upon a time",
        max_tokens=2000,
        stream=True,
        extra_headers={"grpc-timeout": "1S"},
    )
    with pytest.raises(openai.APIError, match="deadline"):
        async for _ in stream:
            pass


async def test_grpc_clients_have_the_same_calls(stack: Stack) -> None:
    async with stack.service.channel() as channel:
        streams = openai_pb2_grpc.OpenAIStreamsStub(channel)
        request = openai_pb2.CreateCompletionRequest(model=TEXT, temperature=0)
        request.prompt.string_value = "One, two, three,"
        pieces = [piece async for piece in streams.StreamCompletion(request)]
    assert "".join(piece.choices[0].text for piece in pieces).startswith(" four")
