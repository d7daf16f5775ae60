"""The CPU backend: one self-contained Python file per optimizer, for NumPy and Numba."""

from __future__ import annotations

import inspect
from pathlib import Path
from textwrap import wrap
from types import ModuleType
from typing import Any

from symopt.backends import primitives, rows, support
from symopt.backends.deploy import deploy_lines
from symopt.backends.kernel import Stages, scaled, stage_contexts
from symopt.backends.layout import Columns, columns, uses
from symopt.backends.starts import Starts, inside_init, start_lines
from symopt.backends.template import render
from symopt.backends.text import FUNCTIONS, filled
from symopt.derive.training import Training
from symopt.domains import Domain
from symopt.expr import Call, decimal, text, walk
from symopt.ir import AXES, COLUMNS, SIZE_ALL, Assign, Program, Reduce, Scalars, Update, operations, traffic
from symopt.recurrence import Hyperparameter

MARK = "# --- from here on part of every emitted file ---\n"
ROWS = "# --- from here on part of emitted files with rows ---\n"


def emit(program: Program, training: Training, banner: str) -> str:
    """The text of `generated/cpu/<name>.py`; `banner` names the source and its hash."""
    return render("cpu.py.j2", context(program, training, banner))


def context(program: Program, training: Training, banner: str) -> dict[str, Any]:
    """Everything that the template lays out, as ready-made strings."""
    layout = columns(program)
    stages = stage_contexts(program, layout)
    starts = start_lines(program, layout)
    imports, shared = _source(support).partition(MARK)[2].split("\n\nCHUNK", 1)
    rows_text = _source(rows).partition(ROWS)[2].strip()
    deploy = deploy_lines(program, layout)
    return {
        "title": program.title,
        "equations": equation_lines(training),
        "cost": cost_line(program),
        "banner": banner,
        "math_names": ", ".join(_math_names(program)),
        "support_imports": _merged_imports(imports),
        "support": "\n\n\n".join([f"CHUNK{shared}".strip(), *([rows_text] if stages.per_row else [])]),
        "primitives": primitive_texts(program),
        "stages": stages,
        "constants": _constants(program, layout, stages),
        "tensor_columns": layout.tensor if stages.per_tensor else (),
        "plan": _plan(program, stages),
        "counts": _counts(layout),
        "size_all": layout.group.index(SIZE_ALL) if uses(program, SIZE_ALL) else None,
        "deploy": bool(deploy),
        "deploy_text": deploy,
        **_interface(program, stages),
        **_starts(program, starts),
    }


def _source(module: ModuleType) -> str:
    return Path(inspect.getfile(module)).read_text(encoding="utf-8")


def _constants(program: Program, layout: Columns, stages: Stages) -> list[str]:
    """BUFFERS, GROUP, TENSOR and ROW."""
    written = [f'"{b.name}": {b.role in ("param", "state")}' for b in program.buffers if b.level == "element"]
    found = ["# The arrays of each tensor: is it written?", *filled("BUFFERS = {", written, "}")]
    found += ["# The numbers of each group, in float64.", *filled("GROUP = (", _quoted(layout.group), ")")]
    if stages.per_tensor:
        found += ["# The numbers of each tensor, in float64.", *_tuple("TENSOR = ", layout.tensor)]
    if stages.per_row:
        found += ["# The numbers of each row of a tensor, in float64.", *_tuple("ROW = ", layout.row)]
    return found


def _counts(layout: Columns) -> list[str]:
    """The counts that `init` puts into the table of tensors, the element count apart."""
    found = {COLUMNS: "rows_of(array.shape)[1]", AXES: "array.ndim"}
    columns = {name: layout.tensor.index(name) for name in found if name in layout.tensor}
    return [f"tensor_numbers[:, {at}] = [{found[name]} for array in params]" for name, at in columns.items()]


def _quoted(names: tuple[str, ...] | list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _tuple(before: str, names: tuple[str, ...] | list[str]) -> list[str]:
    return [f'{before}("{names[0]}",)'] if len(names) == 1 else filled(f"{before}(", _quoted(names), ")")


def _interface(program: Program, stages: Stages) -> dict[str, Any]:
    """What the kernel, `init` and `step` take."""
    hypers = program.hyperparameters
    element = [b for b in program.buffers if b.level == "element"]
    arrays = [b.name for b in element if b.role == "input"]
    numbers = [b.name for b in program.buffers if b.role == "input" and b.level == "step"]
    keywords = [*numbers, *map(argument, hypers)]
    given = [f"{h.name}={example(h)}" for h in hypers if h.default is None] + [f"{name}=1.0" for name in numbers]
    call = ["params", "grads", "state", *("grads" for _ in arrays), *given]
    return {
        "hypers": [hyper_line(hyper) for hyper in hypers],
        "states": [b.name for b in element if b.role == "state"],
        "element_inputs": arrays,
        "step_inputs": numbers,
        "and_inputs": " and inputs" if numbers else "",
        "kernel_head": filled("def kernel(", _kernel_names(stages), "):"),
        "step_head": filled(
            "def step(", ["params", "grads", "state", *arrays, *(["*", *keywords] if keywords else [])], "):"
        ),
        "step_body": _step_body(program, stages, numbers),
        "example_step": filled("step(", call, ")", 4),
    }


def _plan(program: Program, stages: Stages) -> str:
    """How `init` makes its plan."""
    inputs = sum(b.role == "input" and b.level == "step" for b in program.buffers)
    given = f"len(HYPER) + {inputs}" if inputs else "len(HYPER)"
    layout = f"BUFFERS, {given}, len(GROUP), {'len(TENSOR)' if stages.per_tensor else 0}, {stages.partials}"
    plain = f"plan_for(params, groups, ({layout}))"
    return f"RowPlan(*{plain}.arguments, len(ROW))" if stages.per_row else plain


def _kernel_names(stages: Stages) -> list[str]:
    names = ["work", "blocks", "table", "given", "numbers", "rows"]
    names += ["groups", "part", "tensor_numbers", "tensor_rows"] if stages.per_tensor else []
    return [*names, "row_tensors", "row_numbers", "row_rows"] if stages.per_row else names


def _step_body(program: Program, stages: Stages, inputs: list[str]) -> list[str]:
    element = [b for b in program.buffers if b.level == "element"]
    roles = {"param": "params", "grad": "grads"}
    bound = [roles.get(b.role, b.name if b.role == "input" else f"state.{b.name}") for b in element]
    found = ["plan = state.plan", *filled("plan.bind(", bound, ")", 8)]
    found += filled("plan.take(", ["HYPER", *(hyper.name for hyper in program.hyperparameters)], ")", 8)
    if inputs:
        found += filled("plan.take_inputs(", ["len(HYPER)", *(f"{name}={name}" for name in inputs)], ")", 8)
    homes = {"numbers": "state.numbers", "tensor_numbers": "state.tensor_numbers"}
    homes |= {"work": "plan.row_work", "blocks": "plan.row_blocks"} if stages.per_row else {}
    values = [homes.get(name, f"plan.{name}") for name in _kernel_names(stages)]
    return [*found, *filled("kernel(", values, ")", 8)]


def _starts(program: Program, starts: Starts) -> dict[str, Any]:
    """What `init` takes and does."""
    used = [hyper for hyper in program.hyperparameters if hyper.name in starts.hypers]
    given = "".join(f", {h.name}={example(h)}" for h in used if h.default is None)
    required = [h.name for h in used if h.default is None]
    optional = [argument(h) for h in used if h.default is not None]
    return {
        "init_head": filled(
            "def init(", ["params", "groups=None", *(f"{n}=None" for n in required), *optional, "t=0"], "):"
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


def _calls(program: Program) -> set[str]:
    """The operations that any stage uses, start values apart."""
    found: set[str] = set()
    for stage in program.stages:
        match stage:
            case Scalars(_, assigns):
                blocks = [assigns]
            case Reduce(assigns, partials):
                blocks = [assigns, tuple(Assign(p.name, p.value) for p in partials)]
                found |= {word for p in partials for word in (("max", "largest") if p.kind == "max" else ("added",))}
                found |= {"in_range" for p in partials if scaled(p, program.levels) != p.value}
            case Update(loops):
                blocks = [loop.assigns for loop in loops]
        found |= {n.op for block in blocks for a in block for n in walk(a.value) if isinstance(n, Call)}
    return found


def primitive_texts(program: Program) -> list[str]:
    """The source of the primitives that a program calls, and the constants of `below`."""
    used = {FUNCTIONS.get(op, op) for op in _calls(program)}
    source = _source(primitives)
    found: list[str] = []
    if "below" in used:
        used |= {"select", "maximum", "minimum"}
        found.append("\n".join(line for line in source.splitlines() if line.startswith(("BELOW", "TINY"))))
    chunks = source.split("\n\n\n")
    for chunk in chunks:
        name = chunk.partition("def ")[2].partition("(")[0]
        if name in used:
            found.append(f"\n{chunk.strip()}")
    return found


def _math_names(program: Program) -> list[str]:
    from_math = {"sqrt", "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "tanh", "isfinite", "pi"}
    return sorted((from_math & {FUNCTIONS.get(op, op) for op in _calls(program)}) | {"inf", "isfinite", "prod"})


def _merged_imports(imports: str) -> str:
    """The imports of the shared part, prange among them; `math` is imported with what the kernel needs."""
    kept = [line for line in imports.splitlines() if not line.startswith("from math")]
    return "\n".join(kept).replace("njit, types", "njit, prange, types")
