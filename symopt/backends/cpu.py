"""The CPU backend: one self-contained Python file per optimizer, for NumPy and Numba."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from symopt.backends import primitives, support
from symopt.backends.kernel import Stages, stage_contexts
from symopt.backends.layout import Columns, columns, uses
from symopt.backends.template import render
from symopt.backends.text import FUNCTIONS, Printer, free_names
from symopt.derive.training import Training
from symopt.expr import Call, Expr, Sym, decimal, substitute, symbols, text, walk
from symopt.ir import Assign, Program, Reduce, Scalars, Update, flops, new, traffic
from symopt.notation import Domain
from symopt.recurrence import Hyperparameter

MARK = "# --- from here on part of every emitted file ---\n"


def emit(program: Program, training: Training, banner: str) -> str:
    """The text of `generated/cpu/<name>.py`; `banner` names the source and its hash."""
    return render("cpu.py.j2", context(program, training, banner))


def context(program: Program, training: Training, banner: str) -> dict[str, Any]:
    """Everything that the template lays out, as ready-made strings."""
    layout = columns(program)
    stages = stage_contexts(program, layout)
    imports, shared = _source(support).partition(MARK)[2].split("\n\nCHUNK", 1)
    return {
        "title": program.title,
        "equations": equation_lines(training),
        "cost": cost_line(program),
        "banner": banner,
        "math_names": ", ".join(_math_names(program)),
        "support_imports": _merged_imports(imports, program),
        "support": f"CHUNK{shared}".strip(),
        "primitives": primitive_texts(program),
        "stages": stages,
        "group_columns": layout.group,
        "tensor_columns": layout.tensor if stages.per_tensor else (),
        **_interface(program, stages),
        **_numbers(program, layout),
        "deploy": _deploy_lines(program, layout),
    }


def _source(module: ModuleType) -> str:
    return Path(inspect.getfile(module)).read_text(encoding="utf-8")


def _interface(program: Program, stages: Stages) -> dict[str, Any]:
    """What `init` and `step` take."""
    hypers = program.hyperparameters
    element = [b for b in program.buffers if b.level == "element"]
    inputs = [b.name for b in element if b.role == "input"]
    numbers = [b.name for b in program.buffers if b.role == "input" and b.level == "step"]
    step_arguments = [*inputs, "*", *numbers, *map(argument, hypers)]
    return {
        "hypers": [hyper_line(hyper) for hyper in hypers],
        "hyper_values": ", ".join(hyper.name for hyper in hypers),
        "buffers": {b.name: b.role in ("param", "state") for b in element},
        "bound": ", ".join(["params", "grads", *inputs, *(f"state.{b.name}" for b in element if b.role == "state")]),
        "step_inputs": numbers,
        "states": [b.name for b in element if b.role == "state"],
        "step_arguments": "".join(f", {name}" for name in step_arguments) if len(step_arguments) > 1 else "",
        "example_step": "".join(f", {h.name}={example(h)}" for h in hypers if h.default is None)
        + "".join(f", {name}=1.0" for name in numbers),
        "kernel_arguments": "work, blocks, table, numbers, rows"
        + (", groups, part, tensor_numbers, tensor_rows" if stages.per_tensor else ""),
        "kernel_values": _kernel_values(stages),
    }


def _kernel_values(stages: Stages) -> str:
    values = "plan.work, plan.blocks, plan.table, numbers, np.empty(numbers.shape, plan.dtype)"
    if not stages.per_tensor:
        return values
    part = f"np.empty((len(plan.work), {max(stages.partials, 1)}))"
    tensor = "state.tensor_numbers, np.empty(state.tensor_numbers.shape, plan.dtype)"
    return f"{values}, plan.groups, {part}, {tensor}"


def _numbers(program: Program, layout: Columns) -> dict[str, Any]:
    """Where the numbers start."""
    show = Printer(wrap=False, prefix="np.")
    hypers = {hyper.name for hyper in program.hyperparameters}
    started = [b for b in program.buffers if b.start is not None]
    used = sorted({name for b in started for name in symbols(b.start or Sym("t"))} & hypers)
    lines: list[str] = []
    for b in started:
        assert b.start is not None
        if b.level == "element":
            place = "array[...]" if b.role == "param" else f"state.{b.name}[k][...]"
        elif b.level == "tensor":
            place = f"tensor_numbers[k, {layout.tensor.index(b.name)}]"
        else:
            place = f"numbers[group, {layout.group.index(b.name)}]"
        lines.append(f"{place} = {show(b.start)}")
    return {
        "start_lines": lines,
        "start_hypers": used,
        "start_targets": "".join(f"{name}, " for name in used).strip(),
        "start_quoted": ", ".join(f'"{name}"' for name in used),
        "init_arguments": "".join(f", {argument(h)}" for h in program.hyperparameters if h.name in used),
        "example_init": "".join(
            f", {h.name}={example(h)}" for h in program.hyperparameters if h.name in used and h.default is None
        ),
        "size_all": layout.group.index("size_all") if uses(program, "size_all") else None,
    }


def equation_lines(training: Training) -> list[str]:
    """The declared equations, start values and the gradient's point first."""
    optimizer = training.source
    point = text(optimizer.gradient_point)
    first = [] if point == "theta[t-1]" else [f"g[t] = gradient at {point}"]
    starts = [f"{name}[0] = {text(rhs)}" for name, rhs in optimizer.starts]
    return [*starts, *first, *map(str, optimizer.equations)]


def cost_line(program: Program) -> str:
    """Bytes moved and operations per parameter and step."""
    count = traffic(program)
    work = max(flops(loop.assigns) for loop in program.update.loops)
    return f"{4 * count} bytes moved per parameter and step in float32, {8 * count} in float64; {work} operations"


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
                found |= {"max" for p in partials if p.kind == "max"}
            case Update(loops):
                blocks = [loop.assigns for loop in loops]
        found |= {n.op for block in blocks for a in block for n in walk(a.value) if isinstance(n, Call)}
    return found


def primitive_texts(program: Program) -> list[str]:
    """The source of the primitives that a program calls, and the constant of `below`."""
    used = {FUNCTIONS.get(op, op) for op in _calls(program)}
    source = _source(primitives)
    found: list[str] = []
    if "below" in used:
        found.append(next(line for line in source.splitlines() if line.startswith("BELOW")))
    chunks = source.split("\n\n\n")
    for chunk in chunks:
        name = chunk.partition("def ")[2].partition("(")[0]
        if name in used:
            found.append(f"\n{chunk.strip()}")
    return found


def _math_names(program: Program) -> list[str]:
    from_math = {"sqrt", "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "tanh", "isfinite"}
    return sorted((from_math & {FUNCTIONS.get(op, op) for op in _calls(program)}) | {"isfinite", "prod"})


def _merged_imports(imports: str, program: Program) -> str:
    """The imports of the shared part, prange among them; `math` is imported with what the kernel needs."""
    kept = [line for line in imports.splitlines() if not line.startswith("from math")]
    return "\n".join(kept).replace("njit, types", "njit, prange, types")


def _deploy_lines(program: Program, layout: Columns) -> list[str]:
    """Lines that compute `theta` from what is stored; none where the user's array is theta."""
    if program.deploy is None:
        return []
    expr: Expr = substitute(program.deploy, {Sym(new(b.name)): Sym(b.name) for b in program.buffers})
    lines: list[str] = []
    for name in free_names([Assign("theta", expr)]):
        buffer = program.buffer(name)
        if buffer.role == "param":
            lines.append(f"{name} = array")
        elif buffer.level == "element":
            lines.append(f"{name} = state.{name}[k]")
        else:
            lines.append(f"{name} = state.numbers[group, {layout.group.index(name)}]")
    shown = Printer(wrap=False, prefix="np.")(expr)
    return lines if shown == "theta" else [*lines, f"theta = {shown}"]
