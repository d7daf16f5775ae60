"""What an emitted CUDA file needs where the user's array is not theta; `deploy` says the same of the CPU's."""

from __future__ import annotations

from symopt.backends.deploy import Way, way
from symopt.backends.layout import NUMBERS, Columns
from symopt.backends.text import filled, local
from symopt.ir import Program

_EXCHANGE = '''
def exchange(params, others, state):
    """`params` and `others`, which `deployed` returned, change places, as often as it is called; exact."""
    with LOCK:
        state.plan.check_params(params, others)
        swap_all(state.masters or params, others, state.plan.sizes)
        state.deployed[0] = 1 - state.deployed[0]
        state.plan.round_masters(state.masters, params)
'''

_STORED = '''
def deployed(params, state):
    """theta, the parameters to deploy, in new device arrays; `params` holds the points where gradients are taken."""
    state.plan.check_params(params)
    return state.plan.copies((state.masters or params) if state.deployed[0] else state.theta)


def deploy_in_place(params, state):
    """Put theta into `params` and the training point into state.theta: the two change places.

    This is exact but for params in half precision that have no masters: theta is rounded to them.
    """
    if not state.deployed[0]:
        exchange(params, state.theta, state)


def train_in_place(params, state):
    """Undo deploy_in_place."""
    if state.deployed[0]:
        exchange(params, state.theta, state)
'''

_COMPUTED = '''
def change(deploy, arrays, state):
    """Put theta (deploy = 1) or the training point (0) into arrays."""
    plan = state.plan
    table = cuda.to_device(places({given}))
    step = kernels(*plan.kinds())
    launch(step.convert, plan.blocks, 0, deploy, plan.work, table, state.numbers{tables})


def deployed(params, state):
    """theta, the parameters to deploy, in new device arrays; `params` holds the points where gradients are taken."""
    state.plan.check_params(params)
    result = state.plan.copies(state.masters or params)
    if not state.deployed[0]:
        change(1, result, state)
    return result


def deploy_in_place(params, state):
    """Put theta into `params` with no memory that grows with the arrays; train_in_place puts the training point back.

    Both round: the point P that comes back differs from the one before by at most {terms} * 2**-53 * M in float64 and
    2.001 * 2**-24 * M in float32, overflow and underflow apart, where M is
    {size}.
    """
    with LOCK:
        state.plan.check_params(params)
        if not state.deployed[0]:
            change(1, state.masters or params, state)
            state.deployed[0] = 1
            state.plan.round_masters(state.masters, params)


def train_in_place(params, state):
    """Put the training point back into `params`, after deploy_in_place."""
    with LOCK:
        state.plan.check_params(params)
        if state.deployed[0]:
            change(0, state.masters or params, state)
            state.deployed[0] = 0
            state.plan.round_masters(state.masters, params)
'''


def deploy_lines(program: Program, layout: Columns) -> tuple[list[str], list[str], list[str]]:
    """(device functions, the kernel, host functions) that put theta into the user's arrays and take it out."""
    if program.deploy is None:
        return [], [], []
    found = way(program, layout)
    if found is None:
        return [], [], _lines(_STORED, _EXCHANGE)
    formulas = [text.replace("@register_jitable", "@device") for text in found.formulas()]
    return formulas, _kernel(found), _lines(_EXCHANGE, _COMPUTED.format(**_parts(found)))


def _lines(*parts: str) -> list[str]:
    return "\n\n\n".join(part.strip() for part in parts).splitlines()


def _parts(found: Way) -> dict[str, str]:
    """What `_COMPUTED` leaves open."""
    shared = found.parts()
    tables = ", state.tensor_numbers" if _of_tensors(found) else ""
    given = ", ".join(["arrays", *(f"state.{name}" for name in found.states)])
    return {"given": given, "tables": tables, "terms": shared["terms"], "size": shared["size"]}


def _of_tensors(found: Way) -> bool:
    return any(name in found.layout.tensor for name in found.numbers)


def _kernel(found: Way) -> list[str]:
    """The kernel that puts theta or the training point into the arrays."""
    tables = ["tensor_numbers"] if _of_tensors(found) else []
    buffers = [found.param, *found.states]
    numbers = [f"{local(name)} = {found.layout.run([name], NUMBERS)}" for name in found.numbers]
    loads = [
        f"{local(name)} = 1.0 * load({local(name)}_at, i, {'stored' if name == found.param else 'f'})"
        for name in buffers
    ]
    given = [*map(local, (*buffers, *found.numbers))]
    own = local(found.param)
    body = [
        "chunk = cuda.blockIdx.x",
        "while chunk < len(work):",
        "    tensor, start, n, group = work[chunk, 0], work[chunk, 1], work[chunk, 2], work[chunk, 3]",
        *(f"    {local(name)}_at = table[tensor, {column}]" for column, name in enumerate(buffers)),
        *(f"    {line}" for line in numbers),
        "    lane = cuda.threadIdx.x",
        "    while lane < n:",
        "        i = start + lane",
        *(f"        {line}" for line in loads),
        "        if deploy:",
        *(f"            {line}" for line in filled(f"{own} = theta_of(", given, ")", 20)),
        "        else:",
        *(f"            {line}" for line in filled(f"{own} = point_of(", given, ")", 20)),
        f"        store({own}_at, i, stored, f({own}))",
        "        lane += THREADS",
        "    chunk += cuda.gridDim.x",
    ]
    head = filled("def convert(", ["deploy", "work", "table", "numbers", *tables], "):", 4)
    doc = '    """theta (deploy = 1) or the training point (0) in the place of the other, in float64."""'
    return ["", "@cuda.jit(cache=True)", *head, doc, *(f"    {line}" for line in body)]
