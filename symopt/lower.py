"""The border: from equations over sequences to a program over names. Unknown words are errors here, not guesses."""

from __future__ import annotations

from fractions import Fraction

from symopt.derive.training import Training
from symopt.errors import SymoptError
from symopt.expr import OPERATIONS, START, Call, Expr, Num, Reduction, Seq, Sym, transform
from symopt.ir import AXES, COLUMNS, SIZE, SIZE_ALL, Assign, Buffer, Loop, Program, Update, fold, new


def lower(training: Training) -> Program:
    """One flat loop of assignments over the stored buffers; everything else is for the passes."""
    stored = {training.param, *training.states}
    names = _Names(stored)
    assigns = tuple(Assign(names.target(e.target), names.resolve(e.rhs)) for e in training.equations)
    levels = dict(training.levels)
    levels |= {new(name): levels[name] for name in stored if name in levels}
    writes = tuple((name, new(name)) for name in (training.param, *training.states))
    return Program(
        name=training.source.name,
        title=training.source.title,
        buffers=_buffers(training, names),
        hyperparameters=training.source.hyperparameters,
        stages=(Update((Loop((), assigns, writes=writes),)),),
        levels=levels,
        deploy=None if training.deploy is None else names.resolve(training.deploy),
        train=None if training.train is None else names.resolve(training.train),
    )


def _buffers(training: Training, names: _Names) -> tuple[Buffer, ...]:
    starts = {name: names.start(rhs) for name, rhs in training.starts}
    result = [Buffer(training.param, "param", "element", starts.get(training.param)), Buffer("g", "grad", "element")]
    result += [Buffer(name, "input", level) for name, level in training.source.inputs]
    result += [Buffer(name, "state", training.levels[name], starts.get(name)) for name in training.states]
    return tuple(result)


class _Names:
    def __init__(self, stored: set[str]):
        self.stored = stored

    def target(self, name: str) -> str:
        return new(name) if name in self.stored else name

    def resolve(self, expr: Expr) -> Expr:
        return fold(transform(expr, self._leaf))

    def start(self, expr: Expr) -> Expr:
        """A start value; `theta` in it is the user's array as given."""

        def leaf(node: Expr) -> Expr:
            return Sym("theta") if node == Seq("theta", START) else self._leaf(node)

        return fold(transform(expr, leaf))

    def _leaf(self, node: Expr) -> Expr:
        match node:
            case Seq(name, -1):
                return Sym(name)
            case Seq(name, 0):
                return Sym(self.target(name))
            case Sym(name):
                return Sym(name)
            case Seq():
                raise SymoptError(f"{node.name}: its start value cannot be read in an equation")
            case Call("clip", (x, lo, hi)):
                return Call("min", (Call("max", (x, lo)), hi))
            case Call(op) if op not in OPERATIONS:
                raise SymoptError(f"{op}: no kernel can compute this operation")
            case Reduction():
                return _plain(node)
            case _:
                return node


def _plain(node: Reduction) -> Expr:
    """Every reduction as a sum or a largest absolute value."""
    count = Sym({"all": SIZE_ALL, "tensor": SIZE, "row": COLUMNS}[node.over])
    x = node.args[0]
    match node.op:
        case "axes":
            return Sym(AXES)
        case "norm":
            return Call("sqrt", (Reduction("total", (square(x),), node.over),))
        case "dot":
            return Reduction("total", (Call("*", node.args),), node.over)
        case "mean":
            return Call("/", (Reduction("total", (x,), node.over), count))
        case _:
            return node


def square(x: Expr) -> Expr:
    """x**2."""
    return Call("**", (x, Num(Fraction(2))))
