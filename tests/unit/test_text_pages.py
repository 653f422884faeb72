from service.pipelines.text.kv_cache import PAGE
from service.pipelines.text.pages import ROOT, PagePool


def prompt(*pages: int) -> list[int]:
    """A prompt of so many pages; equal numbers are equal pages."""
    return [number for number in pages for _ in range(PAGE)]


def read(pool: PagePool, tokens: list[int]) -> list[int]:
    """What a request does: finds what is known, takes the rest, keeps every full page."""
    pages, serial = pool.find(tokens)
    start = len(pages)
    pages += pool.take(-(-len(tokens) // PAGE) - start)
    for index in range(start, len(tokens) // PAGE):
        serial = pool.keep(pages[index], serial, tokens[index * PAGE : (index + 1) * PAGE])
    return pages


def test_a_prompt_that_begins_as_an_earlier_one_shares_its_whole_pages() -> None:
    pool = PagePool(8)
    first = read(pool, prompt(1, 2, 3))
    second = read(pool, [*prompt(1, 2), 9, 9])
    assert second[:2] == first[:2]
    assert second[2] not in first
    assert pool.held == 4


def test_equal_pages_behind_different_beginnings_are_not_shared() -> None:
    pool = PagePool(8)
    first, second = read(pool, prompt(1, 2)), read(pool, prompt(3, 2))
    assert not set(first) & set(second)


def test_pages_are_known_after_their_request_has_left() -> None:
    pool = PagePool(8)
    pages = read(pool, prompt(1, 2))
    pool.give_back(pages)
    assert pool.held == 0
    assert pool.find(prompt(1, 2))[0] == pages


def test_a_shared_page_is_held_until_the_last_request_leaves() -> None:
    pool = PagePool(2)
    first, second = read(pool, prompt(1)), read(pool, prompt(1))
    assert first == second
    pool.give_back(first)
    assert pool.held == 1
    assert pool.take(1) != second
    pool.give_back(second)
    assert pool.held == 1


def test_room_is_made_where_nobody_was_for_the_longest_and_ends_go_before_beginnings() -> None:
    pool = PagePool(4)
    pool.give_back(read(pool, prompt(1, 2)))
    pool.give_back(read(pool, prompt(3, 4)))
    pool.take(1)
    assert len(pool.find(prompt(1, 2))[0]) == 1
    assert len(pool.find(prompt(3, 4))[0]) == 2


def test_a_page_that_was_taken_again_is_no_longer_found() -> None:
    pool = PagePool(2)
    pool.give_back(read(pool, prompt(1, 2)))
    pool.take(2)
    assert pool.find(prompt(1, 2)) == ([], ROOT)


def test_a_page_read_twice_at_once_is_kept_once() -> None:
    pool = PagePool(4)
    one, other = pool.take(1), pool.take(1)
    serials = {pool.keep(pages[0], ROOT, prompt(1)) for pages in (one, other)}
    assert len(serials) == 1
    pool.give_back(other)
    pool.give_back(one)
    assert pool.find(prompt(1))[0] == one
