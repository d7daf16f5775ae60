"""The CPU backend: one self-contained Python file per optimizer, for NumPy and Numba."""

from __future__ import annotations

import inspect
from pathlib import Path
from textwrap import wrap
from types import ModuleType
from typing import Any

from symopt.backends import primitives, support
from symopt.backends.deploy import deploy_lines
from symopt.backends.kernel import Stages, stage_contexts
from symopt.backends.layout import Columns, columns, uses
from symopt.backends.starts import Starts, inside_init, start_lines
from symopt.backends.template import render
from symopt.backends.text import FUNCTIONS, filled, local
from symopt.derive.training import Training
from symopt.domains import Domain
from symopt.errors import SymoptError
from symopt.expr import Call, decimal, text, walk
from symopt.ir import Assign, Program, Reduce, Scalars, Update, operations, traffic
from symopt.recurrence import Hyperparameter

MARK = "# --- from here on part of every emitted file ---\n"
TAKEN = frozenset({"params", "grads", "state", "groups", "plan", "numbers", "tensor_numbers", "kernel", "np", "self"})
"""Names that the functions of an emitted file need for themselves."""


def emit(program: Program, training: Training, banner: str) -> str:
    """The text of `generated/cpu/<name>.py`; `banner` names the source and its hash."""
    return render("cpu.py.j2", context(program, training, banner))


def context(program: Program, training: Training, banner: str) -> dict[str, Any]:
    """Everything that the template lays out, as ready-made strings."""
    _check_names(program)
    layout = columns(program)
    stages = stage_contexts(program, layout)
    starts = start_lines(program, layout)
    imports, shared = _source(support).partition(MARK)[2].split("\n\nCHUNK", 1)
    deploy = deploy_lines(program, layout)
    return {
        "title": program.title,
        "equations": equation_lines(training),
        "cost": cost_line(program),
        "banner": banner,
        "math_names": ", ".join(_math_names(program)),
        "support_imports": _merged_imports(imports),
        "support": f"CHUNK{shared}".strip(),
        "primitives": primitive_texts(program),
        "stages": stages,
        "constants": _constants(program, layout, stages),
        "tensor_columns": layout.tensor if stages.per_tensor else (),
        "size_all": layout.group.index("size_all") if uses(program, "size_all") else None,
        "deploy": bool(deploy),
        "deploy_text": deploy,
        **_interface(program, stages),
        **_starts(program, starts),
    }


def _source(module: ModuleType) -> str:
    return Path(inspect.getfile(module)).read_text(encoding="utf-8")


def _check_names(program: Program) -> None:
    public = [hyper.name for hyper in program.hyperparameters] + [buffer.name for buffer in program.buffers]
    for name in public:
        if name in TAKEN:
            raise SymoptError(f"{program.name}: an emitted file needs the name {name} for itself; choose another one")
    if doubled := {name for name in public if local(name) != name and local(name) in program.levels}:
        name = min(doubled)
        raise SymoptError(f"{program.name}: an emitted file would call both {name} and {name}_ {name}_; rename one")


def _constants(program: Program, layout: Columns, stages: Stages) -> list[str]:
    """BUFFERS, GROUP and TENSOR."""
    written = [f'"{b.name}": {b.role in ("param", "state")}' for b in program.buffers if b.level == "element"]
    found = ["# The arrays of each tensor: is it written?", *filled("BUFFERS = {", written, "}")]
    found += ["# The numbers of each group, in float64.", *filled("GROUP = (", _quoted(layout.group), ")")]
    if stages.per_tensor:
        found += ["# The numbers of each tensor, in float64.", *_tuple("TENSOR = ", layout.tensor)]
    return found


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
        "given_count": f"len(HYPER) + {len(numbers)}" if numbers else "len(HYPER)",
        "kernel_head": filled("def kernel(", _kernel_names(stages), "):"),
        "step_head": filled(
            "def step(", ["params", "grads", "state", *arrays, *(["*", *keywords] if keywords else [])], "):"
        ),
        "step_body": _step_body(program, stages, numbers),
        "example_step": filled("step(", call, ")", 4),
    }


def _kernel_names(stages: Stages) -> list[str]:
    shared = ["work", "blocks", "table", "given", "numbers", "rows"]
    return [*shared, "groups", "part", "tensor_numbers", "tensor_rows"] if stages.per_tensor else shared


def _step_body(program: Program, stages: Stages, inputs: list[str]) -> list[str]:
    element = [b for b in program.buffers if b.level == "element"]
    roles = {"param": "params", "grad": "grads"}
    bound = [roles.get(b.role, b.name if b.role == "input" else f"state.{b.name}") for b in element]
    found = ["plan = state.plan", *filled("plan.bind(", bound, ")", 8)]
    found += filled("plan.take(", ["HYPER", *(hyper.name for hyper in program.hyperparameters)], ")", 8)
    if inputs:
        found += filled("plan.take_inputs(", ["len(HYPER)", *(f"{name}={name}" for name in inputs)], ")", 8)
    values = [f"{'state' if 'numbers' in name else 'plan'}.{name}" for name in _kernel_names(stages)]
    return [*found, *filled("kernel(", values, ")", 8)]


def _starts(program: Program, starts: Starts) -> dict[str, Any]:
    """What `init` takes and does."""
    used = [hyper for hyper in program.hyperparameters if hyper.name in starts.hypers]
    given = "".join(f", {h.name}={example(h)}" for h in used if h.default is None)
    required = [h.name for h in used if h.default is None]
    optional = [argument(h) for h in used if h.default is not None]
    return {
        "init_head": filled("def init(", ["params", "groups=None", *(f"{n}=None" for n in required), *optional], "):"),
        "example_init": given,
        "start_hypers": [h.name for h in used],
        "start_values": _start_values([h.name for h in used]) if used else [],
        "start_targets": "".join(f"{inside_init(h.name)}, " for h in used).rstrip(" " if len(used) == 1 else ", "),
        "group_starts": starts.groups,
        "tensor_starts": starts.tensors,
        "tensor_starts_hyper": starts.tensors_read,
        "moves_params": starts.moves_params,
    }


def _start_values(names: list[str]) -> list[str]:
    tests = filled("tests = {name: HYPER[name] for name in (", _quoted(names), ")}" if len(names) > 1 else ",)}", 4)
    return [*tests, *filled("values = plan.hyper(tests, (", names, "))" if len(names) > 1 else ",))", 4)]


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
    from_math = {"sqrt", "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "tanh", "isfinite", "pi"}
    return sorted((from_math & {FUNCTIONS.get(op, op) for op in _calls(program)}) | {"inf", "isfinite", "prod"})


def _merged_imports(imports: str) -> str:
    """The imports of the shared part, prange among them; `math` is imported with what the kernel needs."""
    kept = [line for line in imports.splitlines() if not line.startswith("from math")]
    return "\n".join(kept).replace("njit, types", "njit, prange, types")
