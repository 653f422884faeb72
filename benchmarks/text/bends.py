"""Why the curves over requests and over context bend: what the parts of a step take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.document import table
from benchmarks.text.prompts import NEW_TOKENS, PROMPT_TOKENS, RUNNING
from benchmarks.text.steps import Step
from service.pipelines.text.batch import CPU_PLAN


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of a step: `fixed`, for each answer, for each token before an answer, for each of a prompt.

    `error` is the largest part by which a measured step of answers is off.
    """

    fixed: float
    answer: float
    context: float
    prompt: float
    error: float


def costs(steps: Sequence[Step]) -> Costs:
    """The least squares of the relative errors, over steps of answers; a prompt is what its step adds."""
    seconds = np.array([step.seconds for step in steps if step.answers])
    parts = np.array([[1, step.answers, step.answers * step.context] for step in steps if step.answers])
    found = np.linalg.lstsq(parts / seconds[:, None], np.ones(len(seconds)))[0]
    fixed, answer, context = map(float, found)
    [prompt] = [(step.seconds - fixed) / step.prompt for step in steps if step.prompt]
    return Costs(fixed, answer, context, prompt, float(np.abs(parts @ found / seconds - 1).max()))


def section(steps: Sequence[Step]) -> tuple[str, str, str]:
    """Heading, text and table."""
    found = costs(steps)
    text = "\n\n".join((_step(found), _by_requests(found), _between(found), _by_context(found)))
    contexts = sorted({step.context for step in steps if step.answers})
    taken = {(step.answers, step.context): f"{1000 * step.seconds:.1f}" for step in steps}
    rows = [
        [str(answers), *(taken.get((answers, context), "-") for context in contexts)]
        for answers in sorted({step.answers for step in steps if step.answers})
    ]
    head = ["answers", *(f"{context} tokens" for context in contexts)]
    return "Why the curves bend", text, table(head, rows)


def _step(found: Costs) -> str:
    return (
        "The table has the engine's steps alone, in milliseconds: a token for so many answers, each with so "
        f"many tokens before it. Within {found.error:.0%} they are a sum: {1000 * found.fixed:.1f} ms for "
        f"the weights, which are read once for all, {1000 * found.answer:.2f} ms for the products of each "
        f"answer, and {1e6 * found.context:.2f} ms for each thousand tokens of its keys and values, which "
        f"nobody shares. A token of a prompt takes {1000 * found.prompt:.2f} ms."
    )


def _by_requests(found: Costs) -> str:
    prompt, answer = sum(PROMPT_TOKENS) / 2, sum(NEW_TOKENS) / 2
    rate = answer / (answer * found.answer + prompt * found.prompt)
    return (
        "**By requests** the rate first grows with their number, because they share the weights. It bends "
        "where the products of all take as long as the weights, at "
        f"{found.fixed / found.answer:.0f} requests: beyond, a request adds nearly as much time as tokens. "
        f"It ends well below the {1 / found.answer:.0f} tokens a second of endless answers, because every "
        f"{answer:.0f} tokens of an answer bring {prompt:.0f} of a prompt, which are read in the same steps: "
        f"that leaves {rate:.0f}, however many requests there are."
    )


def _between(found: Costs) -> str:
    few, many = (
        1000 * (found.fixed + answers * found.answer + CPU_PLAN.budget(answers) * found.prompt)
        for answers in (4, RUNNING)
    )
    return (
        "**Between tokens** p50 is a step without prompts as long as these are few. p99 is one that reads "
        f"prompts beside the answers, {CPU_PLAN.budget(4)} tokens of them at 4 answers and "
        f"{CPU_PLAN.budget(RUNNING)} at {RUNNING}: by the same sum {few:.0f} and {many:.0f} ms."
    )


def _by_context(found: Costs) -> str:
    one, many = ((found.fixed / n + found.answer) / found.context for n in (1, RUNNING))
    return (
        "**By context** the rate falls with the keys and values to be read, and is half where these take as "
        f"long as all the rest of a step: for one request at {one:,.0f} tokens, for {RUNNING}, which share "
        f"the rest, at {many:,.0f}."
    )
