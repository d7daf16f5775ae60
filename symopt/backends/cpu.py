"""The CPU backend: one self-contained Python file per optimizer, for NumPy and Numba."""

from __future__ import annotations

from typing import Any

from symopt.backends.deploy import deploy_lines
from symopt.backends.interface import interface, take_lines, widths
from symopt.backends.kernel import Stages, stage_contexts
from symopt.backends.layout import columns
from symopt.backends.parts import carried, math_names, primitive_texts, used
from symopt.backends.template import render
from symopt.backends.text import filled
from symopt.derive.training import Training
from symopt.ir import Program


def emit(program: Program, training: Training, banner: str) -> str:
    """The text of `generated/cpu/<name>.py`; `banner` names the source and its hash."""
    return render("cpu.py.j2", context(program, training, banner))


def context(program: Program, training: Training, banner: str) -> dict[str, Any]:
    """Everything that the template lays out, as ready-made strings."""
    layout = columns(program)
    stages = stage_contexts(program, layout)
    shared = interface(program, training, banner)
    imports, support = carried("support").split("\n\nCHUNK", 1)
    rows = [carried("rows")] if stages.per_row else []
    deploy = deploy_lines(program, layout)
    plan = f"plan_for(params, groups, ({widths(program, layout, stages.partials)}))"
    return {
        **shared,
        "math_names": ", ".join(math_names(program)),
        "support_imports": _merged_imports(imports),
        "support": "\n\n\n".join([f"CHUNK{support}".strip(), *rows]),
        "primitives": primitive_texts(used(program)),
        "stages": stages,
        "constants": [*_buffers(program), *shared["tables"]],
        "plan": f"RowPlan(*{plan}.arguments, len(ROW))" if stages.per_row else plan,
        "kernel_head": filled("def kernel(", _kernel_names(stages), "):"),
        "step_body": _step_body(program, stages, shared["step_inputs"]),
        "deploy": bool(deploy),
        "deploy_text": deploy,
    }


def _buffers(program: Program) -> list[str]:
    written = [f'"{b.name}": {b.role in ("param", "state")}' for b in program.buffers if b.level == "element"]
    return ["# The arrays of each tensor: is it written?", *filled("BUFFERS = {", written, "}")]


def _kernel_names(stages: Stages) -> list[str]:
    names = ["work", "blocks", "table", "given", "numbers", "rows"]
    names += ["groups", "part", "tensor_numbers", "tensor_rows"] if stages.per_tensor else []
    return [*names, "row_tensors", "row_numbers", "row_rows"] if stages.per_row else names


def _step_body(program: Program, stages: Stages, inputs: list[str]) -> list[str]:
    element = [b for b in program.buffers if b.level == "element"]
    roles = {"param": "params", "grad": "grads"}
    bound = [roles.get(b.role, b.name if b.role == "input" else f"state.{b.name}") for b in element]
    found = ["plan = state.plan", *filled("plan.bind(", bound, ")", 8), *take_lines(program, inputs)]
    homes = {"numbers": "state.numbers", "tensor_numbers": "state.tensor_numbers"}
    homes |= {"work": "plan.row_work", "blocks": "plan.row_blocks"} if stages.per_row else {}
    values = [homes.get(name, f"plan.{name}") for name in _kernel_names(stages)]
    return [*found, *filled("kernel(", values, ")", 8)]


def _merged_imports(imports: str) -> str:
    """The imports of the shared part, prange among them; `math` is imported with what the kernel needs."""
    kept = [line for line in imports.splitlines() if not line.startswith("from math")]
    return "\n".join(kept).replace("njit, types", "njit, prange, types")
