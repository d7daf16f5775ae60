"""The CUDA backend: one self-contained Python file per optimizer, for NumPy and Numba's CUDA target."""

from __future__ import annotations

import re
from typing import Any

from symopt.backends.device_deploy import deploy_lines
from symopt.backends.interface import interface, take_lines, widths
from symopt.backends.kernel import carried
from symopt.backends.launches import Launch, launches
from symopt.backends.layout import Columns, columns
from symopt.backends.parts import math_names, primitive_texts, source, used
from symopt.backends.template import render
from symopt.backends.text import filled
from symopt.derive.training import Training
from symopt.ir import Program

MARK = "# --- from here on part of every emitted file ---\n"
ROWS = "# --- from here on part of emitted files with rows ---\n"
PRIMITIVES = "# --- each emitted file carries those that it uses ---\n"
CARRIED = ("device", "device_arrays", "device_plan")
BLOCKS = {
    "numbers": "1", "fold": "len(plan.sizes)", "reduce": "plan.blocks", "update": "plan.blocks",
    "rows": "plan.row_blocks", "row_fold": "plan.row_blocks",
}  # fmt: skip
"""How many blocks each kind of launch needs."""


def emit(program: Program, training: Training, banner: str) -> str:
    """The text of `generated/cuda/<name>.py`; `banner` names the source and its hash."""
    return render("cuda.py.j2", context(program, training, banner))


def context(program: Program, training: Training, banner: str) -> dict[str, Any]:
    """Everything that the template lays out, as ready-made strings."""
    layout = columns(program)
    shared = interface(program, training, banner)
    made = launches(program, layout)
    formulas, kernel, deploy = deploy_lines(program, layout)
    plan = f"plan_for(params, groups, ({widths(program, layout, made.partials)}), kept)"
    return {
        **shared,
        "math_names": ", ".join(math_names(program)),
        "support": "\n\n\n".join([*map(_carried, CARRIED), *(_rows() if layout.row else [])]),
        "constants": [*_buffers(program), *shared["tables"]],
        "primitives": [*_primitives(used(program)), *formulas],
        "functions": made.functions,
        "launches": [_laid_out(launch) for launch in made.launches],
        "kernel_names": [launch.name for launch in made.launches] + ["convert"] * bool(kernel),
        "per_row": bool(layout.row),
        "copy_column": sum(b.level == "element" for b in program.buffers),
        "counts": [_of_shapes(line) for line in shared["counts"]],
        "group_starts": [line.replace(" in params", " in arrays") for line in shared["group_starts"]],
        "tensor_starts": [line.replace(" in params", " in arrays") for line in shared["tensor_starts"]],
        "carry_group": carried(program, layout.group),
        "carry_tensor": carried(program, layout.tensor),
        "plan": f"RowPlan(*{plan}.arguments, len(ROW))" if layout.row else plan,
        "started": [b.name for b in program.buffers if (b.level, b.role) == ("element", "state") and b.start],
        "init_head": _with_keyword(shared["init_head"], "kept=False"),
        "step_head": _with_keyword(shared["step_head"], "stream=0"),
        "step_body": _step_body(program, layout, made.launches, shared["step_inputs"]),
        "deploy": bool(deploy),
        "deploy_kernel": kernel,
        "deploy_text": deploy,
    }


def _carried(name: str) -> str:
    """The part of a module that emitted files carry."""
    return source(name).partition(MARK)[2].strip()


def _rows() -> list[str]:
    """What a file with numbers per row carries: how rows are counted, as on the CPU, and the plan that knows them."""
    counted = source("rows").partition(ROWS)[2].strip().split("\n\n\nclass ")[0]
    return [counted, source("device_rows").partition(ROWS)[2].strip()]


def _of_shapes(line: str) -> str:
    """A line of `init` that counts rows or axes, without asking the arrays of a library for them."""
    words = {"array.shape": "shape", "array.ndim": "len(shape)", "array in params": "shape in plan.shapes"}
    return re.sub("|".join(words), lambda match: words[match[0]], line)


def _buffers(program: Program) -> list[str]:
    roles = [f'"{b.name}": "{b.role}"' for b in program.buffers if b.level == "element"]
    return ["# The arrays of each tensor, and what they are.", *filled("BUFFERS = {", roles, "}")]


def _primitives(names: set[str]) -> list[str]:
    """The source of the primitives of these names: those of the device, and the CPU's for all others."""
    names = names | ({"unscaled"} if names & {"added", "largest"} else set())
    names |= {"unary"} if names & {"floor", "ceil"} else set()
    chunks = source("device_primitives").partition(PRIMITIVES)[2].strip().split("\n\n\n")
    named = {match[1]: chunk for chunk in chunks if (match := re.search(r"^(?:def )?(\w+)(?:\(| = )", chunk, re.M))}
    own = [f"\n{chunk}" for name, chunk in named.items() if name in names]
    return [*(text.replace("@register_jitable", "@device") for text in primitive_texts(names - set(named))), *own]


def _laid_out(launch: Launch) -> dict[str, Any]:
    """A launch with its head, and each of its sums with its place among them."""
    head = filled(f"def {launch.name}(", launch.takes, "):", 4)
    sums = [{**vars(total), "place": place} for place, total in enumerate(launch.sums)]
    return {**vars(launch), "head": head, "sums": sums}


def _step_body(program: Program, layout: Columns, made: tuple[Launch, ...], inputs: list[str]) -> list[str]:
    element = [b for b in program.buffers if b.level == "element"]
    roles = {"param": "state.masters or params", "grad": "grads"}
    bound = [roles.get(b.role, b.name if b.role == "input" else f"state.{b.name}") for b in element]
    bound.append("*([params] if state.masters else [])")
    found = ["plan = state.plan", *filled("plan.bind(", bound, ")", 8), *take_lines(program, inputs)]
    found += ["plan.send(stream)", "kernel = kernels(*plan.kinds())"]
    homes = {name: f"state.{name}" for name in ("numbers", "tensor_numbers")}
    homes |= {"work": "plan.row_work"} if layout.row else {}
    blocks = BLOCKS | (dict.fromkeys(("reduce", "update"), "plan.row_chunks") if layout.row else {})
    for launch in made:
        given = [homes.get(name, f"plan.{name}") for name in launch.takes]
        found += filled("launch(", [f"kernel.{launch.name}", blocks[launch.kind], "stream", *given], ")", 8)
    return found


def _with_keyword(head: list[str], keyword: str) -> list[str]:
    """A function's head with one more keyword-only argument."""
    name, _, rest = " ".join(line.strip() for line in head).partition("(")
    items = [item.strip() for item in rest.removesuffix("):").split(",") if item.strip()]
    return filled(f"{name}(", [*items, *([] if "*" in items else ["*"]), keyword], "):")
