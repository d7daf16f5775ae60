"""The book: every optimizer's page, what the symbols mean, and the bibliography, as files that LaTeX compiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symopt.errors import SymoptError
from symopt.expr import START, ZERO, Call, Expr, Reduction, Seq, Sym, T, number
from symopt.latex.escape import code, prose
from symopt.latex.page import Entry, citations, page
from symopt.latex.printer import condition, gradient
from symopt.latex.references import References
from symopt.latex.template import render
from symopt.naming import indexed, symbol
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer

TITLE = "The symopt catalogue"
INTRODUCTION = (
    "Each method is declared once, as the equations of a recurrence. The algorithm, the numbered equations and the "
    "tables of its page are printed from that declaration, and so are the kernels that compute it. Each printed "
    "equation, read back, is the equation that was declared."
)


@dataclass(frozen=True)
class NotationRow:
    """A line of a table of the notation page, every cell ready to print."""

    shown: str
    written: str
    meaning: str
    places: str = ""


def book(entries: Sequence[Entry | Optimizer], *, title: str = TITLE) -> dict[str, str]:
    """The files of the book by name: book.tex, notation.tex, references.bib and one page for each optimizer."""
    full = [entry if isinstance(entry, Entry) else Entry(entry) for entry in entries]
    labels = [entry.label for entry in full]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise SymoptError(f"two pages of the book are called {twice[0]}; give one of them a key of its own")
    references = References.load()
    cited = [key for entry in full for key in citations(entry.optimizer)]
    for key in cited:
        references.entry(key)
    files = {f"{entry.label}.tex": page(entry) for entry in full}
    files["notation.tex"] = notation(full)
    files["references.bib"] = (specs_dir() / "references.bib").read_text(encoding="utf-8")
    context = {"title": prose(title), "introduction": INTRODUCTION, "pages": labels, "cites": bool(cited)}
    files["book.tex"] = render("book.tex.j2", context)
    return files


def notation(entries: Sequence[Entry]) -> str:
    """The page that says what the symbols mean."""
    rows = {"conventions": _conventions(), "operations": _operations(), "symbols": _symbols(entries)}
    return render("notation.tex.j2", rows)


def _conventions() -> list[str]:
    new, old, start = (f"${indexed('x', shift)}$" for shift in (0, -1, START))
    theta, g = indexed("theta", 0), indexed("g", 0)
    return [
        f"$t = 1, 2, 3, \\dots$ counts the steps. {new} is the value of a sequence after step $t$, {old} the value "
        f"before it, and {start} its start, which is $0$ where a page does not say otherwise.",
        f"${theta}$ is the parameter that is deployed, in any number of tensors of any shape; $f$ is the objective.",
        f"${g}$ is the gradient, taken once per step, at the point that its equation names: mostly "
        f"${g} = {gradient(Seq('theta', -1))}$.",
        "Sums, products, quotients, powers, roots and conditions of arrays are taken element by element.",
        "A letter without an index is a hyperparameter. One that follows a schedule carries the step: "
        f"${symbol('lr')}$ is the learning rate that was set, ${indexed('lr_now', 0)}$ the one in force.",
        "What a sequence holds is one number for the whole model, one per tensor, one per row, or one per element; a "
        "number that all elements share is computed once.",
        "The rows of a tensor are its slices along the first axis: the weights of one output of a layer. A tensor of "
        "fewer than two axes is a single row.",
    ]


def _operations() -> list[NotationRow]:
    x, y, c, d = Sym("x"), Sym("y"), Call(">", (Sym("x"), Sym("y"))), Call("ne", (Sym("x"), ZERO))
    rows: list[tuple[Expr, str, str]] = [
        (Call("where", (c, x, y)), "where(x > y, x, y)", "the first value where the condition holds, else the next"),
        (Call("every", (T, Sym("k"))), "every(k)", "k divides t: true at the steps k, 2k, 3k, ..."),
        (Call("and", (c, d)), "(x > y) & ne(x, 0)", "both conditions"),
        (Call("or", (c, d)), "(x > y) | ne(x, 0)", "at least one of two conditions"),
        (Call("not", (c,)), "~(x > y)", "the opposite of a condition"),
        (Call("isfinite", (x,)), "isfinite(x)", "neither infinite nor NaN"),
        (Call("*", (c, x)), "(x > y) * x", "a condition in square brackets counts as 1 where it holds, else as 0"),
        (Call("sign", (x,)), "sign(x)", "-1, 0 or 1"),
        (Call("abs", (x,)), "Abs(x)", "absolute value of each element"),
        (Call("max", (x, y)), "Max(x, y)", "the larger of two; the smaller likewise"),
        (Call("clip", (x, number(-1), number(1))), "clip(x, -1, 1)", "x held between two ends"),
        (Call("floor", (x,)), "floor(x)", "the largest integer not above x"),
        (Call("ceil", (x,)), "ceiling(x)", "the smallest integer not below x"),
        (Reduction("norm", (x,), "tensor"), "norm(x)", "Euclidean norm over a tensor"),
        (Reduction("norm", (x,), "all"), "norm(x, over=ALL)", "the same over all tensors; so for those below"),
        (Reduction("maxabs", (x,), "tensor"), "maxabs(x)", "largest absolute value in a tensor"),
        (Reduction("dot", (x, y), "tensor"), "dot(x, y)", "inner product over a tensor"),
        (Reduction("total", (x,), "tensor"), "total(x)", "sum over a tensor, of all factors to its right"),
        (Reduction("mean", (x,), "tensor"), "mean(x)", "mean over a tensor"),
        (Reduction("mean", (x,), "row"), "mean(x, over=ROW)", "mean over each row of a tensor; so for all reductions"),
        (Reduction("axes", (x,), "tensor"), "axes(x)", "how many axes the tensor has; 0 for a single number"),
    ]
    names = frozenset({"x", "k", "t"})
    return [NotationRow(f"${condition(e)}$", code(written), prose(meaning, names)) for e, written, meaning in rows]


def _symbols(entries: Sequence[Entry]) -> list[NotationRow]:
    """Every hyperparameter and sequence with a meaning, by name, with the sections that use it so."""
    places: dict[tuple[str, str, str], list[str]] = {}
    names = {"theta", "g", "t"}
    for entry in entries:
        optimizer = entry.optimizer
        named = [(symbol(h.name), h.name, h.meaning) for h in optimizer.hyperparameters]
        named += [(indexed(name, 0), name, meaning) for name, meaning in optimizer.meanings]
        for row in named:
            if row[2]:
                places.setdefault(row, []).append(f"\\ref{{sec:{entry.label}}}")
    rows: list[NotationRow] = []
    last = ("", "")
    for (shown, name, meaning), where in sorted(places.items(), key=lambda item: (item[0][1].casefold(), item[0])):
        again = (shown, name) == last
        head = ("", "") if again else (f"${shown}$", code(name))
        rows.append(NotationRow(*head, prose(meaning, names), ", ".join(where)))
        last = (shown, name)
    return rows
