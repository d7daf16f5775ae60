"""What emitted files of every target share: their head, hyperparameters, start values, what `init` and `step` take."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from symopt.backends.layout import Columns, columns, has_tensors, uses
from symopt.backends.starts import inside_init, start_lines
from symopt.backends.text import filled
from symopt.derive.training import Training
from symopt.domains import Domain
from symopt.expr import decimal, text
from symopt.ir import AXES, COLUMNS, SIZE_ALL, Program, operations, traffic
from symopt.recurrence import Hyperparameter


def interface(
    program: Program,
    training: Training,
    banner: str,
    scope: str = "params",
    init: tuple[str, ...] = (),
    step: tuple[str, ...] = (),
) -> dict[str, Any]:
    """What a template needs for everything but kernels and launchers, as ready-made strings.

    scope: where `init` finds all tensors as NumPy arrays; init, step: what these take besides, at the end
    """
    layout = columns(program)
    return {
        "title": program.title,
        "equations": equation_lines(training),
        "cost": cost_line(program),
        "banner": banner,
        "tables": tables(layout, has_tensors(program, layout)),
        "tensor_columns": layout.tensor if has_tensors(program, layout) else (),
        "counts": _counts(layout),
        "size_all": layout.group.index(SIZE_ALL) if uses(program, SIZE_ALL) else None,
        **_interface(program, step),
        **_starts(program, layout, scope, init),
    }


def tables(layout: Columns, tensors: bool) -> list[str]:
    """GROUP, TENSOR and ROW."""
    found = ["# The numbers of each group, in float64.", *filled("GROUP = (", _quoted(layout.group), ")")]
    if tensors:
        found += ["# The numbers of each tensor, in float64.", *_tuple("TENSOR = ", layout.tensor)]
    if layout.row:
        found += ["# The numbers of each row of a tensor, in float64.", *_tuple("ROW = ", layout.row)]
    return found


def widths(program: Program, layout: Columns, partials: int) -> str:
    """What a plan is told of the widths of its tables."""
    inputs = sum(b.role == "input" and b.level == "step" for b in program.buffers)
    given = f"len(HYPER) + {inputs}" if inputs else "len(HYPER)"
    return f"BUFFERS, {given}, len(GROUP), {'len(TENSOR)' if has_tensors(program, layout) else 0}, {partials}"


def take_lines(program: Program, inputs: list[str]) -> list[str]:
    """The lines of `step` that take its numbers."""
    found = filled("plan.take(", ["HYPER", *(hyper.name for hyper in program.hyperparameters)], ")", 8)
    if inputs:
        found += filled("plan.take_inputs(", ["len(HYPER)", *(f"{name}={name}" for name in inputs)], ")", 8)
    return found


def _counts(layout: Columns) -> list[str]:
    """The counts that `init` puts into the table of tensors, the element count apart."""
    found = {COLUMNS: "rows_of(shape)[1]", AXES: "len(shape)"}
    columns = {name: layout.tensor.index(name) for name in found if name in layout.tensor}
    return [f"tensor_numbers[:, {at}] = [{found[name]} for shape in plan.shapes]" for name, at in columns.items()]


def _interface(program: Program, options: tuple[str, ...]) -> dict[str, Any]:
    """What `step` takes."""
    hypers = program.hyperparameters
    element = [b for b in program.buffers if b.level == "element"]
    arrays = [b.name for b in element if b.role == "input"]
    numbers = [b.name for b in program.buffers if b.role == "input" and b.level == "step"]
    keywords = [*numbers, *map(argument, hypers), *options]
    given = [f"{h.name}={example(h)}" for h in hypers if h.default is None] + [f"{name}=1.0" for name in numbers]
    call = ["params", "grads", "state", *("grads" for _ in arrays), *given]
    return {
        "hypers": [hyper_line(hyper) for hyper in hypers],
        "states": [b.name for b in element if b.role == "state"],
        "element_inputs": arrays,
        "step_inputs": numbers,
        "and_inputs": " and inputs" if numbers else "",
        "step_head": filled(
            "def step(", ["params", "grads", "state", *arrays, *(["*", *keywords] if keywords else [])], "):"
        ),
        "example_step": filled("step(", call, ")", 4),
    }


def _starts(program: Program, layout: Columns, scope: str, options: tuple[str, ...]) -> dict[str, Any]:
    """What `init` takes and does."""
    starts = start_lines(program, layout, scope)
    used = [hyper for hyper in program.hyperparameters if hyper.name in starts.hypers]
    given = "".join(f", {h.name}={example(h)}" for h in used if h.default is None)
    required = [h.name for h in used if h.default is None]
    optional = [argument(h) for h in used if h.default is not None]
    return {
        "init_head": filled(
            "def init(", ["params", "groups=None", *(f"{n}=None" for n in required), *optional, "t=0", *options], "):"
        ),
        "example_init": given,
        "start_hypers": [h.name for h in used],
        "start_values": _start_values([h.name for h in used]) if used else [],
        "start_targets": "".join(f"{inside_init(h.name)}, " for h in used).rstrip(" " if len(used) == 1 else ", "),
        "group_starts": starts.groups,
        "tensor_starts": starts.tensors,
        "tensor_starts_read": starts.tensors_read,
        "moves_params": starts.moves_params,
    }


def _start_values(names: list[str]) -> list[str]:
    one = "" if len(names) > 1 else ","
    quoted, plain = f"({', '.join(_quoted(names))}{one})", f"({', '.join(names)}{one})"
    flat = f"values = plan.hyper({{name: HYPER[name] for name in {quoted}}}, {plain})"
    if len(flat) <= 116:
        return [flat]
    tests = filled("{name: HYPER[name] for name in (", _quoted(names), f"{one})}},", 8)
    return ["values = plan.hyper(", *(f"    {line}" for line in [*tests, *filled("(", names, f"{one}),", 8)]), ")"]


def equation_lines(training: Training) -> list[str]:
    """The declared equations, start values and the gradient's point first."""
    optimizer = training.source
    point = text(optimizer.gradient_point)
    first = [] if point == "theta[t-1]" else [f"g[t] = gradient at {point}"]
    starts = [f"{name}[0] = {text(rhs)}" for name, rhs in optimizer.starts]
    whole = [*starts, *first, *map(str, optimizer.equations)]
    return [line for equation in whole for line in wrap(equation, 112, subsequent_indent="    ")]


def cost_line(program: Program) -> str:
    """Bytes moved and operations per parameter and step."""
    count = traffic(program)
    moved = f"{4 * count} bytes moved per parameter and step in float32, {8 * count} in float64"
    return f"{moved}; {operations(program)} operations"


def hyper_line(hyper: Hyperparameter) -> str:
    """An entry of HYPER: the domain in words and as a test."""
    words, test = domain_test(hyper.domain)
    return f'"{hyper.name}": ("{words}", lambda x: {test})'


def domain_test(domain: Domain) -> tuple[str, str]:
    """A domain in words and as a Python condition on x."""
    low, high = ("" if end is None else decimal(end) for end in (domain.lower, domain.upper))
    left = f"{low} {'<' if domain.open_lower else '<='} " if low else ""
    right = f" {'<' if domain.open_upper else '<='} {high}" if high else ""
    tests = [f"{left}x{right}"] if left or right else []
    words = {"Positive": "positive", "NonNegative": "zero or more", "Real": "a finite number"}.get(domain.name)
    if domain.integer:
        tests.append("x == int(x)")
        words = f"a whole number, {low} or more" if low and not high else f"a whole number from {low} to {high}"
    return words or f"in {domain}", " and ".join(tests) or "True"


def argument(hyper: Hyperparameter) -> str:
    """A hyperparameter in a signature."""
    return hyper.name if hyper.default is None else f"{hyper.name}={float(hyper.default)!r}"


def example(hyper: Hyperparameter) -> str:
    """A value inside the domain, for the usage example of one that has no default."""
    return next(str(value) for value in (100, 0.5, 1, 0, -1) if value in hyper.domain)


def _quoted(names: tuple[str, ...] | list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _tuple(before: str, names: tuple[str, ...] | list[str]) -> list[str]:
    return [f'{before}("{names[0]}",)'] if len(names) == 1 else filled(f"{before}(", _quoted(names), ")")
