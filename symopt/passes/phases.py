"""Split reductions: one pass over memory per level of dependent reductions, then one that writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from symopt.expr import Call, Expr, Reduction, Sym, children, rebuild, symbols
from symopt.ir import COUNTS, Assign, Loop, Partial, Program, Reduce, Scalars, Stage, Update, needed
from symopt.passes.names import Fresh, describe
from symopt.recurrence import LEVELS, REDUCED, highest, level_of

_SCOPES = {"all": "_all", "tensor": "", "row": "_row"}


def split_phases(program: Program) -> Program:
    """Take reductions out of expressions, sort the assignments by level and by how many reductions come before."""
    loop = program.update.loops[0]
    return _Split(program).run(loop)


@dataclass
class _Split:
    program: Program
    ranks: dict[str, int] = field(default_factory=dict[str, int])
    levels: dict[str, str] = field(default_factory=dict[str, str])
    partials: dict[Reduction, tuple[Partial, int]] = field(default_factory=dict[Reduction, "tuple[Partial, int]"])
    element: list[Assign] = field(default_factory=list[Assign])
    scalars: dict[tuple[int, str], list[Assign]] = field(default_factory=dict[tuple[int, str], "list[Assign]"])

    def run(self, loop: Loop) -> Program:
        self.levels = {**self.program.levels, **COUNTS}
        self.fresh = Fresh([*self.levels, *(h.name for h in self.program.hyperparameters)])
        for assign in loop.assigns:
            value, rank = self.extract(assign.value, assign.name)
            rank = max(rank, self.rank_of(value))
            level = highest((level_of(value, self.levels), self.levels.get(assign.name, "step")))
            self.ranks[assign.name] = rank
            self.levels.setdefault(assign.name, level)
            if level == "element":
                self.element.append(Assign(assign.name, value))
            else:
                self.scalars.setdefault((rank, level), []).append(Assign(assign.name, value))
        return self.program.with_stages(self.stages(loop), self.levels)

    def rank_of(self, expr: Expr) -> int:
        return max((self.ranks.get(name, 0) for name in symbols(expr)), default=0)

    def extract(self, expr: Expr, target: str) -> tuple[Expr, int]:
        """`expr` with each reduction replaced by the name of its result, and the rank that it then has."""
        pairs = [self.extract(arg, target) for arg in children(expr)]
        rank = max((r for _, r in pairs), default=0)
        expr = rebuild(expr, tuple(arg for arg, _ in pairs))
        if not isinstance(expr, Reduction):
            return expr, rank
        if expr not in self.partials:
            self.partials[expr] = (self.partial(expr, target), max(rank, self.rank_of(expr)) + 1)
        partial, rank = self.partials[expr]
        self.ranks[partial.name] = rank
        return Sym(partial.name), rank

    def partial(self, node: Reduction, target: str) -> Partial:
        (value,) = node.args
        what = describe(value) or f"{target}_terms"
        kind = "max" if node.op == "maxabs" else "sum"
        name = self.fresh(f"{'max' if kind == 'max' else 'sum'}_{what}{_SCOPES[node.over]}")
        self.levels[name] = REDUCED[node.over]
        return Partial(name, kind, node.over, Call("abs", (value,)) if kind == "max" else value)

    def stages(self, loop: Loop) -> list[Stage]:
        result: list[Stage] = []
        last = max([rank for _, rank in self.partials.values()] + list(self.ranks.values()), default=0)
        for rank in range(last + 1):
            partials = tuple(p for p, r in self.partials.values() if r == rank)
            if partials:
                assigns = needed(self.element, {name for p in partials for name in symbols(p.value)})
                work = (*assigns, *(Assign(p.name, p.value) for p in partials))
                result.append(Reduce(assigns, partials, self.reads(work)))
            for level in LEVELS[:-1]:
                assigns = tuple(self.scalars.get((rank, level), []))
                if assigns or (rank == 0 and level == "step"):
                    result.append(Scalars(level, assigns, rank))
        writes = tuple((name, value) for name, value in loop.writes if self.levels.get(value) == "element")
        assigns = needed(self.element, [value for _, value in writes])
        return [*result, Update((Loop((), assigns, self.reads(assigns), writes),))]

    def reads(self, assigns: tuple[Assign, ...]) -> tuple[str, ...]:
        used = {name for assign in assigns for name in symbols(assign.value)}
        return tuple(b.name for b in self.program.buffers if b.level == "element" and b.name in used)
