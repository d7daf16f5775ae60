"""What an emitted file needs where the user's array is not theta: the way from the training point to theta, and back.

Where both are stored they change places. Else theta = (P - rest)/c is computed from the point P = c*theta + rest, and
P from theta, chunk by chunk in float64. With n terms in the rest, M = |P| + sum |term| and w = 2**-53, the errors of
P are at most

    there      (n + 2)*w*M     each term is rounded n + 1 times (a product and n sums), the quotient once
    and back   (n + 1)*w*2*M   as before, with |c*theta| <= M in the place of P

together (3n + 4)*w*M. In float32 two roundings of the results come on top, u*|c*theta| + u*|P| <= 2*u*M with u =
2**-24; the sum of all is below 2.001*u*M for n < 10**5.
"""

from __future__ import annotations

from symopt.backends.arrays import ArrayPrinter
from symopt.backends.layout import Columns
from symopt.backends.text import filled, free_names, local
from symopt.expr import Expr, Sym, substitute
from symopt.ir import Assign, Program, new

_SWAP = '''
def deployed(params, state):
    """theta, the parameters to deploy, in new arrays; `params` holds the points at which gradients are taken."""
    return [array.copy() for array in state.theta]


def deploy_in_place(params, state):
    """Put theta into `params` and the training point into state.theta: the two change places, which is exact."""
    with LOCK:
        check_params(state.plan.dtype, state.plan.shapes, params=params, theta=state.theta)
        for array, theta in zip(params, state.theta, strict=True):
            first, second = array.reshape(-1), theta.reshape(-1)
            for start in range(0, first.size, CHUNK):
                piece = slice(start, start + CHUNK)
                kept = first[piece].copy()
                first[piece] = second[piece]
                second[piece] = kept


def train_in_place(params, state):
    """Undo deploy_in_place."""
    deploy_in_place(params, state)
'''

_CONVERT = '''
def convert(formula, arrays, state):
    """Put `formula` of each array into it, chunk by chunk, in float64 and rounded once."""
    check_params(state.plan.dtype, state.plan.shapes, {buffers})
    wide = np.result_type(state.plan.dtype, state.numbers.dtype)
    with np.errstate(all="ignore"):  # infinities and NaN go where they go
        for k, array in enumerate(arrays):
            group = state.plan.groups[k]
            {numbers}
            flat = array.reshape(-1)
            for start in range(0, flat.size, CHUNK):
                piece = slice(start, start + CHUNK)
                others = [buffer[k].reshape(-1)[piece].astype(wide) for buffer in ({states})]
                flat[piece] = formula(flat[piece].astype(wide), *others, *numbers)


def deployed(params, state):
    """theta, the parameters to deploy, in new arrays; `params` holds the points at which gradients are taken."""
    result = [array.copy() for array in params]
    with LOCK:
        convert(theta_of, result, state)
    return result


def deploy_in_place(params, state):
    """Put theta into `params` with no memory that grows with the arrays; train_in_place puts the training point back.

    Both round: the point that comes back differs from the one before by at most
    {bound}
    in float32, {terms} * 2**-53 times what stands in the brackets in float64, overflow and underflow apart.
    """
    with LOCK:
        convert(theta_of, params, state)


def train_in_place(params, state):
    """Put the training point back into `params`, after deploy_in_place."""
    with LOCK:
        convert({back}, params, state)
'''


def deploy_lines(program: Program, layout: Columns) -> list[str]:
    """The functions `deployed`, `deploy_in_place` and `train_in_place`; nothing where the user's array is theta."""
    if program.deploy is None:
        return []
    stored: dict[Expr, Expr] = {Sym(new(b.name)): Sym(b.name) for b in program.buffers}
    theta = substitute(program.deploy, stored)
    if program.train is None:
        return list(_SWAP.strip().splitlines())
    return _converted(program, layout, theta, substitute(program.train, stored))


def _converted(program: Program, layout: Columns, theta: Expr, point: Expr) -> list[str]:
    param = next(b.name for b in program.buffers if b.role == "param")
    used = [name for name in free_names([Assign("theta", theta)]) if name != param]
    states = [b.name for b in program.buffers if b.role == "state" and b.level == "element" and b.name in used]
    numbers = layout.sorted(name for name in used if name not in states)
    places = [layout.run([name], "state.numbers[group", "state.tensor_numbers[k") for name in numbers]
    show = ArrayPrinter({name: local(name) for name in ("theta", param, *used)})
    formulas: list[str] = []
    for name, own, expr, doc in (
        ("theta_of", param, theta, "theta from the training point."),
        ("point_of", "theta", point, "The training point from theta."),
    ):
        head = filled(f"def {name}(", map(local, (own, *states, *numbers)), "):")
        formulas += [*head, f'    """{doc}"""', f"    return {show(expr)}", "", ""]
    inside = " + ".join(f"abs({term})" for term in (local(param), *_others(states)))
    text = _CONVERT.format(
        buffers=", ".join(["params=arrays", *(f"{name}=state.{name}" for name in states)]),
        numbers=f"numbers = ({''.join(f'{place}, ' for place in places).strip()})" if places else "numbers = ()",
        states="".join(f"state.{name}, " for name in states).strip(),
        bound=f"2.001 * 2**-24 * ({inside})",
        terms=3 * len(states) + 4,
        back="point_of",
    )
    return [*formulas, *text.strip().splitlines()]


def _others(states: list[str]) -> list[str]:
    return [f"its share of {local(name)}" for name in states]
