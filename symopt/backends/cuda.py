"""The CUDA backend: one self-contained Python file per optimizer, for NumPy and Numba's CUDA target."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from symopt.backends.device_deploy import deploy_lines
from symopt.backends.interface import interface, take_lines, widths
from symopt.backends.kernel import carries
from symopt.backends.launch import Launch
from symopt.backends.launches import launches
from symopt.backends.layout import Columns, columns
from symopt.backends.parts import carried, functions, math_names, primitive_texts, used
from symopt.backends.template import render
from symopt.backends.text import filled
from symopt.derive.training import Training
from symopt.ir import Program

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
    shared = interface(program, training, banner, scope="arrays", init=("*", "kept=False"), step=("stream=0",))
    made = launches(program, layout)
    formulas, kernel, deploy = deploy_lines(program, layout)
    plan = ["params", "groups", f"({widths(program, layout, made.partials)})", "kept"]
    started = [b.name for b in program.buffers if (b.level, b.role) == ("element", "state") and b.start]
    kernel_names = [launch.name for launch in made.launches] + ["convert"] * bool(kernel)
    return {
        **shared,
        "math_names": ", ".join(math_names(program)),
        "support": "\n\n\n".join([*_support(), *(_rows() if layout.row else [])]),
        "constants": [*_buffers(program), *shared["tables"]],
        "primitives": [*_primitives(used(program)), *formulas],
        "functions": made.functions,
        "launches": [_laid_out(launch) for launch in made.launches],
        "namespace": filled("return SimpleNamespace(", [f"{name}={name}" for name in kernel_names], ")", 4),
        "per_row": bool(layout.row),
        "copy_column": sum(b.level == "element" for b in program.buffers),
        "carry_group": carries(program, layout.group),
        "carry_tensor": carries(program, layout.tensor),
        "plan": [
            *filled("plan = plan_for(", plan, ")", 4),
            *(["plan = RowPlan(*plan.arguments, len(ROW))"] if layout.row else []),
        ],
        "started": started,
        "new_state": filled("state = State(", _new_state(shared, started, bool(deploy)), ")", 4),
        "step_body": _step_body(program, layout, made.launches, shared["step_inputs"]),
        "deploy": bool(deploy),
        "deploy_kernel": kernel,
        "deploy_text": deploy,
    }


def _support() -> list[str]:
    """What every file carries; numbers are checked as on the CPU."""
    constants = [line for line in carried("support").splitlines() if line.startswith(("NUMBER = ", "COUNT = "))]
    checks = functions("support", ("check_number", "per_group"))
    return [carried("device"), "\n".join(constants), *checks, carried("device_arrays"), carried("device_plan")]


def _rows() -> list[str]:
    """What a file with numbers per row carries: how rows are counted, as on the CPU, and the plan that knows them."""
    return [carried("rows").split("\n\n\nclass ")[0], carried("device_rows")]


def _buffers(program: Program) -> list[str]:
    roles = [f'"{b.name}": "{b.role}"' for b in program.buffers if b.level == "element"]
    return ["# The arrays of each tensor, and what they are.", *filled("BUFFERS = {", roles, "}")]


def _primitives(names: set[str]) -> list[str]:
    """The source of the primitives of these names: those of the device, and the CPU's for all others."""
    names = names | ({"unscaled"} if names & {"added", "largest"} else set())
    names |= {"unary"} if names & {"floor", "ceil"} else set()
    chunks = carried("device_primitives").split("\n\n\n")
    named = {match[1]: chunk for chunk in chunks if (match := re.search(r"^(?:def )?(\w+)(?:\(| = )", chunk, re.M))}
    own = [f"\n{chunk}" for name, chunk in named.items() if name in names]
    return [*(text.replace("@register_jitable", "@device") for text in primitive_texts(names - set(named))), *own]


def _laid_out(launch: Launch) -> dict[str, Any]:
    """A launch with its head, and each of its sums with its place among them."""
    head = filled(f"def {launch.name}(", launch.takes, "):", 4)
    sums = [{**vars(total), "place": place} for place, total in enumerate(launch.sums)]
    return {**vars(launch), "head": head, "sums": sums}


def _new_state(shared: Mapping[str, Any], started: Collection[str], deploy: bool) -> list[str]:
    """What a state is made of, in the order of its fields."""
    tables = ["numbers", "tensor_numbers"] if shared["tensor_columns"] else ["numbers"]
    arrays = [f"plan.{'host_zeros' if name in started else 'zeros'}()" for name in shared["states"]]
    return ["plan", "numbers[:, 0].copy()", *tables, *arrays, "masters", *(["np.zeros(1)"] if deploy else [])]


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
