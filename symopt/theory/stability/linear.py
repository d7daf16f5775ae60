"""A step as a linear map: what each new value is made of, where some states are held fixed."""

from __future__ import annotations

import sympy as sp

from symopt.canonical import STEP
from symopt.expr import COMPARISONS, START, ZERO, Call, Expr, Num, Reduction, Seq, Sym, sequences, symbols, text
from symopt.recurrence import Optimizer
from symopt.theory.stability.forms import LINEAR, Form, NotLinearError
from symopt.theory.stability.orders import ONE, NoMatrixError, Order, Orders
from symopt.theory.stability.orders import ZERO as NOTHING

_MOST_FELT = 5


class Step:
    """One step in the end, as t grows; with `keep_t` only what falls exponentially is left out.

    frozen: the states that count as constants, as do reductions, inputs and scheduled hyperparameters
    """

    def __init__(self, optimizer: Optimizer, orders: Orders, frozen: frozenset[str], keep_t: bool):
        self.optimizer, self.orders, self.frozen, self.keep_t = optimizer, orders, frozen, keep_t
        self.known: dict[Seq, Form] = {Seq("g", 0): {"g": ONE}}
        self.noted: list[str] = []
        self._limits: dict[str, Order] = {}
        forced = orders.scalars.forced
        element = {"theta", *(s for s in optimizer.states if optimizer.levels[s] == "element")}
        self.moving = element - frozen
        for name in {*frozen, *forced, *dict(optimizer.inputs)} - self.moving:
            self.known |= {Seq(name, shift): {"": Order(orders.scalars.symbol(Seq(name, 0)))} for shift in (0, -1)}
        for equation in optimizer.equations:
            if equation.target in frozen:
                self.known |= {seq: self.known[Seq(equation.target, 0)] for seq in _branches(equation.rhs)}
        self.known |= {Seq(name, -1): {name: ONE} for name in self.moving}
        self._given = dict(self.known)
        self.point = self.form(optimizer.gradient_point)
        self.felt = self._felt()
        if len(self.felt) > _MOST_FELT:
            raise NoMatrixError(
                f"its gradient is made of {len(self.felt)} states, and beyond {_MOST_FELT} none is reduced"
            )

    def new(self, name: str) -> Form:
        """What the new value of a sequence is made of."""
        return self._sequence(Seq(name, 0))

    @property
    def numbers(self) -> list[str]:
        """The numbers per step that were read and are worked out here."""
        found = {seq.name: None for seq in self.known.keys() - self._given.keys()}
        return [name for name in found if self.optimizer.levels[name] != "element"]

    @property
    def read(self) -> list[Expr]:
        """The right-hand sides that were read."""
        names = {*self.felt, *(seq.name for seq in self.known.keys() - self._given.keys())}
        return [self.optimizer.gradient_point, *(e.rhs for e in self.optimizer.equations if e.target in names)]

    def varies(self, expr: Expr) -> bool:
        """Whether t enters a value, and not the choice of a branch alone; where t is kept, whether b**t does."""
        match expr:
            case Sym(name):
                return name == "t" and not self.keep_t
            case Call("**", (a, b)):
                return "t" in symbols(b) or self.varies(a)
            case Call("exp" | "expm1", (a,)):
                return "t" in symbols(a)
            case Call(op, args) if op not in COMPARISONS:
                return any(map(self.varies, args))
            case _:
                return False

    def _felt(self) -> tuple[str, ...]:
        """The states from which a path leads to the gradient point; no equation of another one is looked at."""
        found: set[str] = set()
        forms = [self.point]
        while forms:
            form = forms.pop()
            more = {name for name in form.keys() - {"g", ""} - found if self.orders.limit(form[name]) != 0}
            found |= more
            forms += map(self.new, more)
        return tuple(sorted(found, key=["theta", *self.optimizer.states].index))

    def _named(self, own: Seq, form: Form) -> Form:
        """A number of the step in which t is kept goes by its name."""
        value = form.get("", NOTHING).coefficient
        if form.keys() != {""} or self.optimizer.levels[own.name] == "element" or not value.has(STEP):
            return form
        return {"": Order(self.orders.scalars.symbol(own))}

    def form(self, expr: Expr) -> Form:
        """An expression as a linear form."""
        match expr:
            case Num(value):
                return {"": Order(sp.Rational(value.numerator, value.denominator))}
            case Sym("t"):
                return {"": Order(STEP) if self.keep_t else Order(sp.Integer(1), sp.Integer(1))}
            case Sym():
                return {"": Order(self.orders.scalars.symbol(expr))}
            case Seq():
                return self._sequence(expr)
            case Reduction("axes"):
                self.noted.append("for a tensor of one axis")
                return {"": ONE}
            case Reduction():
                return {"": Order(self.orders.scalars.sympy(expr))}
            case Call("where", (condition, a, b)):
                return self.form(a if self.holds(condition) else b)
            case Call(op, args):
                return self._call(expr, op, [self.form(arg) for arg in args])

    def _sequence(self, seq: Seq) -> Form:
        if seq.shift == START:
            return {"": Order(self.orders.scalars.symbol(seq))}
        if seq not in self.known:
            rhs = next(e.rhs for e in self.optimizer.equations if e.target == seq.name)
            self.known[seq] = self._written(seq, rhs)
        return self.known[seq]

    def _written(self, seq: Seq, rhs: Expr) -> Form:
        if seq.name in self.optimizer.states and seq.name not in self.moving:
            return {"": self._settled(seq.name, rhs)}
        try:
            return self._named(seq, self.form(rhs))
        except NotLinearError as error:
            raise error if error.target else NotLinearError(error.expr, seq.name) from error

    def _call(self, expr: Call, op: str, args: list[Form]) -> Form:
        moving = [arg for arg in args if arg.keys() - {""}]
        if not moving:
            return {"": self.orders.apply(op, *(arg.get("", NOTHING) for arg in args))}
        rule = LINEAR.get(op)
        found = self._clip(*args) if op == "clip" else rule(self.orders, *args) if rule else None
        if found is None:
            raise NotLinearError(expr)
        return {name: order for name, order in found.items() if order.coefficient != 0}

    def _clip(self, x: Form, low: Form, high: Form) -> Form | None:
        """x, where 0 lies between the ends: near the minimum a clip does nothing."""
        if "" in x or low.keys() | high.keys() != {""}:
            return None
        if not (self.orders.holds("<", low[""], NOTHING) and self.orders.holds(">", high[""], NOTHING)):
            return None
        self.noted.append("near the minimum, where nothing is clipped")
        return x

    # ---- conditions and states of the step ----

    def holds(self, condition: Expr) -> bool:
        """What a condition is in the end."""
        match condition:
            case Call("every", (_, k)):
                raise NoMatrixError(
                    f"every {text(k)} steps something else happens, so that no single matrix describes a step"
                )
            case Call("isfinite"):
                return True
            case Call("and", (a, b)):
                return self.holds(a) and self.holds(b)
            case Call("or", (a, b)):
                return self.holds(a) or self.holds(b)
            case Call("not", (a,)):
                return not self.holds(a)
            case Call(op, (a, b)) if op in COMPARISONS:
                forms = [self._in_the_end(side) for side in (a, b)]
                if any(form.keys() - {""} for form in forms):
                    raise NotLinearError(condition)
                return self.orders.holds(op, *(form.get("", NOTHING) for form in forms))
            case _:
                raise NotLinearError(condition)

    def _in_the_end(self, expr: Expr) -> Form:
        """What decides a branch: what was found while t was kept is no answer here."""
        if not self.keep_t:
            return self.form(expr)
        kept = self.known, self._limits
        self.keep_t, self.known, self._limits = False, dict(self._given), {}
        try:
            return self.form(expr)
        finally:
            self.keep_t, (self.known, self._limits) = True, kept

    def _settled(self, name: str, rhs: Expr) -> Order:
        """What a number of the step tends to; its own name where that is not known."""
        if name not in self._limits:
            symbol = Order(self.orders.scalars.symbol(Seq(name, 0)))
            self._limits[name] = symbol  # the answer while the question is open
            added_up = isinstance(rhs, Call) and rhs.op == "+" and Seq(name, -1) in rhs.args
            found = None if self.keep_t and added_up else self._tends(name, rhs)
            self._limits[name] = symbol if found is None else found
        return self._limits[name]

    def _tends(self, name: str, rhs: Expr) -> Order | None:
        old = Seq(name, -1)
        start = self.form(self.optimizer.start_of(name) or ZERO).get("", NOTHING)
        match rhs:
            case Call("max", (x, other)) | Call("max", (other, x)) if x == old and old not in sequences(other):
                return self.orders.largest(start, self.form(other).get("", NOTHING))
            case _:
                form = self._in_its_old_value(old, rhs)
        if form is None:
            return None
        return self.orders.repeated(form.get(name, NOTHING), form.get("", NOTHING), start)

    def _in_its_old_value(self, old: Seq, rhs: Expr) -> Form | None:
        kept, self.known = self.known, {**self.known, old: {old.name: ONE}}
        try:
            return self.form(rhs)
        except NotLinearError:
            return None
        finally:
            self.known = kept


def _branches(rhs: Expr) -> list[Seq]:
    """The intermediates between which an equation chooses: the new value of a state that may rest."""
    if isinstance(rhs, Call) and rhs.op == "where":
        return [seq for branch in rhs.args[1:] for seq in _branches(branch)]
    return [rhs] if isinstance(rhs, Seq) and rhs.shift == 0 and rhs.name != "g" else []
