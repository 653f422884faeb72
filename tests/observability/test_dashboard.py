"""deploy/grafana.json: every query asks for metrics and labels that a running service exposes."""

from __future__ import annotations  # the async stub exists for type checkers only

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import promql_parser as promql
import pytest

from generation.v1 import generation_pb2 as pb
from tests.docs.documents import README, ROOT, code, rows
from tests.observability.scrape import families
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana.json").read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def targets() -> list[dict[str, str]]:
    return [target for panel in PANELS for target in panel["targets"]]


def parsed(query: str) -> promql.Expr:
    """A query's syntax tree; Grafana puts a duration in the place of its variable."""
    tree: promql.Expr = promql.parse(query.replace("$__rate_interval", "5m"))
    return tree


def nodes(tree: promql.Expr) -> list[promql.Expr]:
    found: list[promql.Expr] = []
    promql.walk(tree, pre_visit=lambda node: found.append(node))
    return found


def selectors(tree: promql.Expr) -> list[promql.VectorSelector]:
    return [node for node in nodes(tree) if isinstance(node, promql.VectorSelector)]


def wanted_labels(tree: promql.Expr) -> Iterator[tuple[str, str]]:
    """The metrics of a query with each label that it selects or sums by."""
    for selector in selectors(tree):
        yield from ((str(selector.name), matcher.name) for matcher in selector.matchers.matchers)
    for node in nodes(tree):
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            names = [str(selector.name) for selector in selectors(node.expr)]
            yield from ((name, label) for name in names for label in node.modifier.labels)


def kept_labels(tree: promql.Expr, exposed: dict[str, set[str]]) -> set[str]:
    """The labels that a query's result has."""
    for node in nodes(tree):
        if isinstance(node, promql.AggregateExpr):
            return set(node.modifier.labels if node.modifier else ())
    return set().union(*(exposed[str(selector.name)] for selector in selectors(tree)))


@pytest.fixture
async def exposed(observed: Stack, watched: GenerationAsyncStub) -> dict[str, set[str]]:
    """The labels of each metric that the service exposes, once it has answered."""
    await watched.GenerateText(pb.GenerateTextRequest(prompt="Hi", max_tokens=2))
    every = [sample for family in await families(observed.service) for sample in family.samples]
    return {sample.name: set(sample.labels) for sample in every}


@pytest.mark.parametrize("target", targets(), ids=lambda target: target["expr"])
async def test_a_query_asks_for_what_the_service_exposes(
    exposed: dict[str, set[str]], target: dict[str, str]
) -> None:
    tree = parsed(target["expr"])
    assert {str(selector.name) for selector in selectors(tree)} <= set(exposed)
    assert [(name, label) for name, label in wanted_labels(tree) if label not in exposed[name]] == []
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= kept_labels(tree, exposed)


async def test_every_metric_of_the_service_has_a_panel_and_a_line_in_the_readme(observed: Stack) -> None:
    named = {str(selector.name) for target in targets() for selector in selectors(parsed(target["expr"]))}
    shown = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in named}
    table = [name for row in rows(README, "| Metric | Counts |") for name in code(row[0])]
    names = {family.name for family in await families(observed.service)}
    ours = {name for name in names if name.startswith("generation_") and not name.endswith("_created")}
    assert ours <= shown
    assert ours == {name.removesuffix("_total") for name in table}


def test_no_two_panels_share_a_place_or_an_id() -> None:
    boxes = [tuple(panel["gridPos"][key] for key in "xy") for panel in DASHBOARD["panels"]]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(boxes)) == len(boxes)
    assert len(set(ids)) == len(ids)
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
