import math

import pytest

from generation.v1.generation_pb2 import GenerateImageRequest, GenerateTextRequest
from service.errors import InvalidArgument
from service.params import limits
from service.params.checks import Checker, shown


def test_every_violation_is_reported_at_once() -> None:
    check = Checker()
    request = GenerateTextRequest(temperature=3.0, top_k=-1)
    check.number(request, limits.TEMPERATURE)
    check.integer(request, limits.TOP_K)
    with pytest.raises(InvalidArgument) as caught:
        check.raise_if_any()
    assert caught.value.detail == "temperature: got 3, takes 0 to 2; top_k: got -1, takes 0 and up"


def test_nothing_is_raised_where_nothing_is_wrong() -> None:
    check = Checker()
    assert check.number(GenerateTextRequest(), limits.TEMPERATURE) == 0.7
    check.raise_if_any()


def test_a_flood_of_violations_is_cut() -> None:
    check = Checker()
    for i in range(10**5):
        check.refuse(f"messages[{i}].content", "is blank, takes text")
    with pytest.raises(InvalidArgument) as caught:
        check.raise_if_any()
    assert len(caught.value.detail) < 2000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.001, 2.001, -1e38])
def test_fault_13_numbers_outside_the_range_are_refused(value: float) -> None:
    check = Checker()
    check.number(GenerateTextRequest(temperature=value), limits.TEMPERATURE)
    with pytest.raises(InvalidArgument, match=r"temperature: got .*, takes 0 to 2"):
        check.raise_if_any()


@pytest.mark.parametrize("value", [0.0, 0.1, 0.7, 0.95, 1.1, 2.0, 1e-5])
def test_a_number_means_what_was_sent_not_its_nearest_32_bit_float(value: float) -> None:
    assert Checker().number(GenerateTextRequest(temperature=value), limits.TEMPERATURE) == value


def test_zero_is_a_value_and_unset_is_the_default() -> None:
    check = Checker()
    assert check.number(GenerateTextRequest(temperature=0), limits.TEMPERATURE) == 0
    assert check.integer(GenerateImageRequest(preview_every=0), limits.PREVIEW_EVERY) == 0
    assert check.integer(GenerateImageRequest(), limits.STEPS) == 30


def test_fault_37_seeds_have_32_bits_and_unset_ones_are_drawn() -> None:
    check = Checker()
    assert check.seed(GenerateTextRequest(seed=0)) == 0
    assert check.seed(GenerateTextRequest(seed=2**32 - 1)) == 2**32 - 1
    drawn = {check.seed(GenerateTextRequest()) for _ in range(20)}
    assert len(drawn) == 20
    assert all(0 <= seed < 2**32 for seed in drawn)
    check.raise_if_any()
    for seed in (-1, 2**32, -(2**63)):
        refused = Checker()
        refused.seed(GenerateTextRequest(seed=seed))
        with pytest.raises(InvalidArgument, match=f"seed: got {seed}, takes 0 to 4294967295"):
            refused.raise_if_any()


def test_values_in_messages_are_cut_and_escaped() -> None:
    assert shown("robot") == "'robot'"
    assert shown("a" * 10**6) == repr("a" * 40) + "..."
    assert shown("\n\x00\u202e") == r"'\n\x00\u202e'"


def test_every_field_of_the_limits_exists_in_the_contract() -> None:
    requests = (GenerateTextRequest, GenerateImageRequest)
    names = {name for request in requests for name in request.DESCRIPTOR.fields_by_name}
    names |= {"strength", "num_frames", "motion", "fps"}
    fields = [v for v in vars(limits).values() if isinstance(v, limits.IntField | limits.FloatField)]
    assert len(fields) == 14
    assert {field.name for field in fields} <= names
