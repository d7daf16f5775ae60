"""The page that tells of all disagreements: both sides, the verdict, the numbers, and the command that shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath

from symopt.equivalence import Comparison
from symopt.equivalence.sentence import elements, outcome, rows, sentence, setting
from symopt.errata.answers import compared, leaves, run
from symopt.errata.claims import Disagreement, Question, Run, disagreements, spec
from symopt.expr import START, Seq, text
from symopt.interpret import REAL
from symopt.recurrence import Optimizer

_HEAD = """\
# Where libraries and texts disagree

Each entry sets two forms of one method beside each other, A and B: what a library computes or a text prints, and what
it is named after or computes elsewhere. Both are specs, and the verdict is the engine's. A counterexample is the
smallest run that was found, from `theta[0]` with the gradients `g[1]`, `g[2]`, ...; its numbers are exact or rounded to
20 digits, those of tables to 8. A disagreement is not a fault: often both forms are sound, and only the name is the
same. Some entries have one side only: a text that contradicts itself, or numbers that leave their range.

`tests/equivalence/test_refuted.py` steps the generated kernels through every counterexample.
`tests/peers/test_errata.py` runs the packages in the versions named here, DeepSpeed in the mended one, and compares
them with the specs. Of nnabla and of the numbered documents only the text is judged.

The commands run in a checkout, at its top. This page is written by `make pages` from `specs/errata/claims.toml`.
"""


Answers = list[tuple[Question, Comparison]]


def page() -> str:
    """The page, in Markdown; the same on every machine."""
    told = [(each, _answers(each)) for each in disagreements()]
    rows = [f"| [{each.title}](#{each.id}) | {each.source} | {_short(each, answers)} |" for each, answers in told]
    table = ["| what | where | verdict |", "|---|---|---|", *rows]
    return "\n".join([_HEAD, *table, "", *("\n".join(_lines(*each)) for each in told)])


def entry(each: Disagreement) -> str:
    """What the page says of one disagreement."""
    return "\n".join(_lines(each, _answers(each)))


def _answers(each: Disagreement) -> Answers:
    return [(question, replace(compared(each, question), a="A", b="B")) for question in each.questions]


def _short(each: Disagreement, answers: Answers) -> str:
    """What is wrong with the text of A, then the first answer, or where the numbers leave their range."""
    kinds = ", ".join(dict.fromkeys(flaw.kind for flaw in each.flaws))
    outside = [(claim, step) for claim in each.runs for step in leaves(claim, run(each, claim))]
    said = [f"{kinds[0].upper()}{kinds[1:]}."] if kinds else []
    said += [_told(answers[0][1])] if answers else []
    said += [f"The {claim.quantity} of A leaves {_range(claim)}, first at t = {step}." for claim, step in outside[:1]]
    return " ".join(said)


def _lines(each: Disagreement, answers: Answers) -> Iterator[str]:
    yield f'<a id="{each.id}"></a>\n\n## {each.title}\n\nSeen in {each.source}.\n'
    yield from _side("A", each.a, each.says_a)
    if each.b:
        yield from _side("B", each.b, each.says_b)
    yield from _flaws(each)
    for question, comparison in answers:
        yield from _answer(each, question, comparison)
    for claim in each.runs:
        yield from _run(each, claim)
    if each.runs:
        yield f"```sh\npython -m symopt.errata {each.id}\n```\n"


def _side(letter: str, name: str, says: str) -> Iterator[str]:
    optimizer = spec(name)
    yield f"**{letter}: {optimizer.title}** (`{_path(name)}`). {says}\n"
    yield "```python"
    yield from _as_published(optimizer) if optimizer.findings else _equations(optimizer)
    yield "```\n"


def _equations(optimizer: Optimizer) -> Iterator[str]:
    yield from (f"{text(Seq(name, START))} = {text(rhs)}" for name, rhs in optimizer.starts)
    if optimizer.gradient_point != Seq("theta", -1):
        yield f"g[t] = grad({text(optimizer.gradient_point)})"
    yield from map(str, optimizer.equations)


def _as_published(optimizer: Optimizer) -> Iterator[str]:
    """The lines of the spec, faults included, which are no longer in its equations."""
    file = Path(optimizer.origin.file if optimizer.origin else "")
    tree = ast.parse(file.read_text())
    bodies = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
    yield from (ast.unparse(line).replace("t - 1]", "t-1]") for line in bodies[optimizer.name][1:])


def _path(name: str) -> str:
    return f"specs/errata/{name}" if ".py:" in name else name


def _flaws(each: Disagreement) -> Iterator[str]:
    findings = spec(each.a).findings
    if findings:
        lines = f"the lines are those of our transcription, `{_path(each.a).partition(':')[0]}`"
        yield f"What is found in the text of A, taken to the letter; {lines}:\n"
        for finding in findings:
            yield f"- *{finding.kind}* (line {finding.line}): `{finding.symbol}`: {finding.message}."
        yield f"\n```sh\nsymopt show {_path(each.a)}\n```\n"


def _told(comparison: Comparison) -> str:
    given = tuple(f"`{each}`" if " = " in each else each for each in comparison.given)
    return sentence(replace(comparison, given=given))


def _answer(each: Disagreement, question: Question, comparison: Comparison) -> Iterator[str]:
    yield f"{_told(comparison)}\n"
    found = comparison.counterexample
    if found is not None:
        yield f"{'Otherwise, with' if comparison.conditions else 'With'} {setting(found)}:\n"
        yield f"{_table(rows(found))}\n\n{outcome(found, 'A', 'B')}.\n"
    if comparison.remarks and len(each.questions) == 1:  # else a question of its own says it, with its command
        yield f"{' '.join(comparison.remarks)}\n"
    yield f"```sh\n{_command(each, question)}\n```\n"


def _command(each: Disagreement, question: Question) -> str:
    options = [f' --hyper "{name}={value}"' for name, value in question.hyper.items()]
    options += [f" --assume {name}=constant" for name in question.constant]
    return f"symopt prove {_path(each.a)} {_path(each.b)}{''.join(options)}"


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([head, f"|{'---|' * len(lines[0])}", *rest])


def _range(claim: Run) -> str:
    low, high = claim.range
    return f"{low} to {high.replace('inf', 'infinity')}"


def _decimal(value: Any) -> str:
    return mpmath.nstr(REAL.constant(value), 8).removesuffix(".0")


def _run(each: Disagreement, claim: Run) -> Iterator[str]:
    numbers = run(each, claim)
    what = {"theta": "theta[t]", "step": "theta[t-1] - theta[t]"}[claim.quantity]
    given = "".join(f", {name} = {elements(values)}" for name, values in claim.hyper.items())
    slope = f"g = {elements(claim.gradients)}" if claim.gradients else "the gradient of x^2/2"
    yield f"{claim.spec.upper()}, with theta[0] = {claim.start}, {slope}{given}:\n"
    yield f"{_table([['t', *map(str, claim.at)], [what, *map(_decimal, numbers)]])}\n"
    outside = leaves(claim, numbers)
    if outside:
        yield f"At t = {', '.join(map(str, outside))} it is outside of {_range(claim)}.\n"
