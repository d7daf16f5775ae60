"""What an emitted file needs where the user's array is not theta: the way from the training point to theta, and back.

Where both are stored they change places. Else theta = (P - rest)/c is computed from the point P = c*theta + rest, and
P from theta, in float64 and rounded once. All arrays change in one call of compiled code, which also notes that they
did: Python delivers an interrupt before it or after it, never within.

With n terms in the rest, M = |P| + sum |term| and w = 2**-53, the errors of P are at most

    there      (n + 2)*w*M     each term is rounded n + 1 times (a product and n sums), the quotient once
    and back   (n + 1)*w*2*M   as before, with |c*theta| <= M in the place of P

together (3n + 4)*w*M. In float32 two roundings of the results come on top, u*|c*theta| + u*|P| <= 2*u*M with u =
2**-24; the sum of all is below 2.001*u*M for n < 10**5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symopt.backends.layout import NUMBERS, Columns
from symopt.backends.text import Printer, filled, local
from symopt.backends.unpacking import unpacked
from symopt.expr import Expr, Sym, substitute, summands, symbols
from symopt.ir import Program, new

_EXCHANGE = '''
@njit(cache=True)
def swap(table, sizes, rows, deployed):
    """The arrays at the two addresses of each tensor change places, and `deployed` says so: all in one call."""
    for tensor in range(len(sizes)):
        first = carray(pointer(table[tensor, 0], rows), sizes[tensor])
        second = carray(pointer(table[tensor, 1], rows), sizes[tensor])
        for i in range(sizes[tensor]):
            first[i], second[i] = second[i], first[i]
    deployed[0] = 1 - deployed[0]


def exchange(params, others, state):
    """`params` and `others`, which `deployed` returned, change places, as often as it is called; exact."""
    with LOCK:
        plan = state.plan
        table = check_params(plan.dtype, plan.shapes, params=params, others=others)
        swap(table, plan.sizes, plan.rows, state.deployed)
'''

_STORED = '''
def deployed(params, state):
    """theta, the parameters to deploy, in new arrays; `params` holds the points at which gradients are taken."""
    return [array.copy() for array in (params if state.deployed[0] else state.theta)]


def deploy_in_place(params, state):
    """Put theta into `params` and the training point into state.theta: the two change places, which is exact."""
    with LOCK:
        if not state.deployed[0]:
            exchange(params, state.theta, state)


def train_in_place(params, state):
    """Undo deploy_in_place."""
    with LOCK:
        if state.deployed[0]:
            exchange(params, state.theta, state)
'''

_COMPUTED = '''
@njit(cache=True, error_model="numpy")
{head}
    """Put theta (deploy = 1) or the training point (0) into every array, and say so in `deployed`: all in one call."""
    f = numbers.dtype.type
    for chunk in range(len(work)):
        tensor, start, n, group = work[chunk]
        offset = start * rows.itemsize
{unpack}
        for i in range(n):
            if deploy:
                {theta}
            else:
                {point}
    deployed[0] = deploy


def change(deploy, arrays, state, deployed):
    plan = state.plan
    {check}
    convert({given})


def deployed(params, state):
    """theta, the parameters to deploy, in new arrays; `params` holds the points at which gradients are taken."""
    result = [array.copy() for array in params]
    with LOCK:
        if not state.deployed[0]:
            change(1, result, state, np.zeros(1))
    return result


def deploy_in_place(params, state):
    """Put theta into `params` with no memory that grows with the arrays; train_in_place puts the training point back.

    Both round: the point P that comes back differs from the one before by at most {terms} * 2**-53 * M in float64 and
    2.001 * 2**-24 * M in float32, overflow and underflow apart, where M is
    {size}.
    """
    with LOCK:
        if not state.deployed[0]:
            change(1, params, state, state.deployed)


def train_in_place(params, state):
    """Put the training point back into `params`, after deploy_in_place."""
    with LOCK:
        if state.deployed[0]:
            change(0, params, state, state.deployed)
'''


def deploy_lines(program: Program, layout: Columns) -> list[str]:
    """The functions that put theta into the user's arrays and take it out; nothing where the arrays hold theta."""
    if program.deploy is None:
        return []
    found = way(program, layout)
    computed = [] if found is None else [*found.formulas(), _EXCHANGE, _COMPUTED.format(**found.parts())]
    return "\n\n\n".join(part.strip() for part in computed or [_EXCHANGE, _STORED]).splitlines()


def way(program: Program, layout: Columns) -> Way | None:
    """How theta is computed from the training point, and back; None where the two are stored and change places."""
    if program.deploy is None or program.train is None:
        return None
    stored: dict[Expr, Expr] = {Sym(new(b.name)): Sym(b.name) for b in program.buffers}
    return Way(program, layout, substitute(program.deploy, stored), substitute(program.train, stored))


@dataclass(frozen=True)
class Way:
    """The way from the training point to theta and back, as formulas in stored values."""

    program: Program
    layout: Columns
    theta: Expr
    point: Expr

    @property
    def param(self) -> str:
        return next(b.name for b in self.program.buffers if b.role == "param")

    @property
    def states(self) -> list[str]:
        """The states of element level that the point is made of."""
        read = symbols(self.point)
        return [b.name for b in self.program.buffers if b.name in read and b.level == "element"]

    @property
    def numbers(self) -> list[str]:
        return self.layout.sorted(symbols(self.point) - {"theta", *self.states})

    def formulas(self) -> Iterator[str]:
        """`theta_of` and `point_of`, functions of scalars."""
        for own, doc, expr in (
            (self.param, "theta from the training point", self.theta),
            ("theta", "The training point from theta", self.point),
        ):
            name = "point_of" if own == "theta" else "theta_of"
            head = filled(f"def {name}(", map(local, (own, *self.states, *self.numbers)), "):")
            text = [*head, f'    """{doc}, in float64."""', f"    return {Printer(wrap=False)(expr)}"]
            yield "\n".join(["@register_jitable", *text])

    def parts(self) -> dict[str, str]:
        """What `_COMPUTED` leaves open."""
        tables = ["tensor_numbers"] if any(name in self.layout.tensor for name in self.numbers) else []
        own = local(self.param)
        at = [f"f({local(name)}[i])" for name in (self.param, *self.states)] + [*map(local, self.numbers)]
        buffers = [self.param, *self.states]
        views = [
            f"{local(name)} = carray(pointer(table[tensor, {column}] + offset, rows), n)"
            for column, name in enumerate(buffers)
        ]
        unpack = [*views, *unpacked(self.numbers, self.layout, NUMBERS, 8)]
        arrays = ["params=arrays", *(f"{name}=state.{name}" for name in self.states)]
        terms_of = [expr for expr in summands(self.point) if "theta" not in symbols(expr)]
        shares = [f"abs({Printer(wrap=False)(expr)})" for expr in terms_of]
        return {
            "head": _block(filled("def convert(", [*_GIVEN, *tables], "):"), 0),
            "unpack": _block(unpack, 8),
            "theta": _block(filled(f"{own}[i] = theta_of(", at, ")", 16), 16).strip(),
            "point": _block(filled(f"{own}[i] = point_of(", at, ")", 16), 16).strip(),
            "check": _block(filled("table = check_params(", ["plan.dtype", "plan.shapes", *arrays], ")", 4), 4).strip(),
            "given": ", ".join([*_PASSED, *(f"state.{name}" for name in tables)]),
            "terms": str(3 * len(terms_of) + 4),
            "size": " + ".join([f"abs({own})", *shares]),
        }


_GIVEN = ("deploy", "work", "table", "numbers", "rows", "deployed")
_PASSED = ("deploy", "plan.work", "table", "state.numbers", "plan.rows", "deployed")


def _block(lines: list[str], indent: int) -> str:
    return "\n".join(" " * indent + line for line in lines)
