"""Hoist: only element work stays in the element loop; every number that is the same for all elements gets a name."""

from __future__ import annotations

from collections.abc import Iterable

from symopt.expr import BOOLEAN, ONE, ZERO, Call, Expr, Num, Sym, divide, multiply, negate, rebuild, symbols
from symopt.ir import Assign, Loop, Partial, Program, Reduce, Scalars, Stage, Update, fold, new, truth
from symopt.passes.names import Fresh, describe
from symopt.passes.products import factors
from symopt.recurrence import LEVELS, level_of


def hoist(program: Program) -> Program:
    """Move what does not depend on the element into the scalar stages."""
    work = _Hoist(program)
    passes = [work.memory_pass(stage) for stage in program.stages if not isinstance(stage, Scalars)]
    return program.with_stages(work.assemble(passes), work.levels)


class _Hoist:
    def __init__(self, program: Program):
        self.program = program
        self.levels = dict(program.levels)
        self.known: dict[Expr, str] = {}
        self.scalars: dict[tuple[int, str], list[Assign]] = {}
        self.rank: dict[str, int] = {}
        self.fresh = Fresh([*self.levels, *(h.name for h in program.hyperparameters)])
        passes = 0
        for stage in program.stages:
            match stage:
                case Scalars(level, assigns, after):
                    self.scalars[(after, level)] = list(assigns)
                    self.rank |= {assign.name: after for assign in assigns}
                case Reduce(partials=partials):
                    passes += 1
                    self.rank |= {partial.name: passes for partial in partials}
                case Update():
                    pass

    def memory_pass(self, stage: Reduce | Update) -> Reduce | Update:
        """A pass over memory with nothing but element work left in it."""
        if isinstance(stage, Update):
            loops = tuple(Loop(x.outcome, self.block(x.assigns), x.reads, x.writes) for x in stage.loops)
            return Update(loops, stage.conditions)
        partials = tuple(Partial(p.name, p.kind, p.over, self.element(p.value, p.name)) for p in stage.partials)
        return Reduce(self.block(stage.assigns), partials, stage.reads)

    def block(self, assigns: Iterable[Assign]) -> tuple[Assign, ...]:
        return tuple(Assign(a.name, fold(self.element(a.value, a.name))) for a in assigns)

    def element(self, expr: Expr, target: str) -> Expr:
        """`expr` with everything below element level replaced by names."""
        if level_of(expr, self.levels) != "element":
            return self.scalar(expr, f"{target}_value")
        match expr:
            case Call("*" | "/" | "neg") | Call("**", (_, Num())):
                return self.product(expr, target)
            case Call():
                return rebuild(expr, tuple(self.element(arg, target) for arg in expr.args))
            case _:
                return expr

    def product(self, expr: Expr, target: str) -> Expr:
        """All scalar factors of a product as one scalar in front."""
        up, down, negated = factors(expr)
        if (up, down) == ([expr], []):  # a power that stays one
            assert isinstance(expr, Call)
            return rebuild(expr, tuple(self.element(arg, target) for arg in expr.args))
        moving, fixed = self.split(up)
        moving_down, fixed_down = self.split(down)
        factor = fold(divide(multiply(*fixed), multiply(*fixed_down)))
        scale = self.scalar(factor, f"{target.removesuffix('_new')}_scale")
        top = multiply(scale, *(self.element(factor, target) for factor in moving))
        result = divide(top, multiply(*(self.element(factor, target) for factor in moving_down)))
        return negate(result) if negated else result

    def split(self, parts: list[Expr]) -> tuple[list[Expr], list[Expr]]:
        moving = [part for part in parts if level_of(part, self.levels) == "element"]
        return moving, [part for part in parts if level_of(part, self.levels) != "element"]

    def scalar(self, expr: Expr, wish: str) -> Expr:
        """The name of a scalar expression, computed where its level and its reductions allow it first."""
        match expr:
            case Num() | Sym() | Call("ne", (Sym(), Num())):  # the last is the test of a flag
                return expr
            case Call("*", args) if ZERO in args:
                return ZERO
            case Call(op) if op in BOOLEAN:
                return truth(self.named(Call("where", (expr, ONE, ZERO)), describe(expr) or f"{wish}_when"))
            case Call("below", (c,)) if not isinstance(c, Sym):
                return self.scalar(Call("below", (self.keep(c, wish),)), wish)
            case Call("-", (c, Call("below", (d,)))) if c == d and not isinstance(c, Sym):
                kept = self.keep(c, wish)
                return self.scalar(Call("-", (kept, Call("below", (kept,)))), wish)
            case _:
                return Sym(self.named(expr, describe(expr) or wish))

    def keep(self, c: Expr, wish: str) -> Expr:
        stem = wish.removesuffix("_scale").removesuffix("_new").removesuffix("_value")
        return Sym(self.named(c, f"{stem}_keep")) if isinstance(c, Num) else self.scalar(c, f"{stem}_keep")

    def named(self, expr: Expr, wish: str) -> str:
        if expr not in self.known:
            name = self.fresh(wish)
            level = level_of(expr, self.levels)
            rank = max((self.rank.get(used, 0) for used in symbols(expr)), default=0)
            self.known[expr] = name
            self.levels[name] = level
            self.rank[name] = rank
            self.scalars.setdefault((rank, level), []).append(Assign(name, expr))
        return self.known[expr]

    def assemble(self, passes: list[Reduce | Update]) -> list[Stage]:
        """Scalar stages between the passes over memory, without what nobody reads."""
        wanted = {name for stage in passes for name in _free(stage)}
        wanted |= {new(b.name) for b in self.program.buffers if b.level != "element"}
        live = self.alive(wanted)
        result: list[Stage] = []
        for after in range(len(passes)):
            for level in LEVELS[:-1]:
                assigns = tuple(a for a in self.scalars.get((after, level), []) if a.name in live)
                if assigns:
                    result.append(Scalars(level, assigns, after))
            result.append(passes[after])
        return result

    def alive(self, wanted: set[str]) -> set[str]:
        live = set(wanted)
        todo = [assign for assigns in self.scalars.values() for assign in assigns]
        while found := [a for a in todo if a.name in live]:
            todo = [a for a in todo if a.name not in live]
            live |= {name for assign in found for name in symbols(assign.value)}
        return live


def _free(stage: Reduce | Update) -> set[str]:
    blocks = stage.loops if isinstance(stage, Update) else (stage,)
    names = {name for block in blocks for assign in block.assigns for name in symbols(assign.value)}
    if isinstance(stage, Reduce):
        names |= {name for partial in stage.partials for name in symbols(partial.value)}
    else:
        names |= {*stage.conditions, *(value for block in stage.loops for _, value in block.writes)}
    return names
