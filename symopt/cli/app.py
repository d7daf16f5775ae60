"""The commands with their arguments; what each does is in the module of its name, loaded when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from symopt.cli.failures import Commands

Spec = Annotated[str, typer.Argument(metavar="SPEC", help="A name of the catalogue, a path, or path.py:name.")]
Specs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SPEC]...", help="Names, paths (all in the file) or path.py:name; else the catalogue."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run_line() -> None:
    """Run the command line of this process; `app()` would put an excepthook of Typer's in place of ours."""
    typer.main.get_command(app)()


@app.callback(invoke_without_command=True)
def symopt(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
) -> None:
    """Optimizers declared once as equations; kernels, pages and proofs derived."""
    if version:
        typer.echo(f"symopt {_version()}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("symopt-codegen")
    except PackageNotFoundError:
        return "from a checkout that is not installed"


@app.command("list")
def list_(json: Json = False) -> None:
    """The catalogue: states, costs, targets, proofs and errors."""
    from symopt.cli.listing import run

    run(as_json=json)


@app.command()
def show(
    spec: Spec,
    stage: Annotated[str, typer.Option(help="spec, ir, cpu or latex: where on the line to look.")] = "spec",
) -> None:
    """The equations typeset, or what becomes of them."""
    from symopt.cli.show import run

    run(spec, stage)


@app.command()
def new(name: Annotated[str, typer.Argument(help="What the optimizer is called.")]) -> None:
    """Write a commented spec NAME.py here; it passes `check` as it is."""
    from symopt.cli.new import run

    run(name)


@app.command()
def check(
    specs: Specs = None,
    json: Json = False,
    mutants: Annotated[bool, typer.Option("--mutants", help="Also count how many broken kernels are caught.")] = False,
) -> None:
    """Trace, prove and test specs; say what is wrong and where."""
    from symopt.cli.check import run

    raise typer.Exit(run(specs or [], as_json=json, mutants=mutants))


@app.command()
def prove(
    a: Annotated[str, typer.Argument(metavar="A", help="A name of the catalogue, a path, or path.py:name.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What to compare it with.")],
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="A state of one in those of the other: B.v=-lr*b.")
    ] = None,
    assume: Annotated[list[str] | None, typer.Option(help="What never changes: lr=constant.")] = None,
    hyper: Annotated[
        list[str] | None, typer.Option(help="A hyperparameter replaced: A.eps=eps/sqrt(1 - beta2**t), k=1, A.c=inf.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="How much a proof may cost, in elementary products; undecided beyond.")
    ] = None,
    json: Json = False,
) -> None:
    """Whether two optimizers are equal: a proof, or the smallest run in which they differ."""
    from symopt.cli.prove import run

    raise typer.Exit(run(a, b, map_ or [], assume or [], hyper or [], budget, as_json=json))


@app.command()
def generate(
    specs: Specs = None,
    target: Annotated[str, typer.Option(help="Targets, with commas between them; all of them if left out.")] = "",
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("generated"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; compare with what is there.")] = False,
) -> None:
    """Write kernels and pages, or check those that are there."""
    from symopt.cli.manifest import unchanged

    same = unchanged(target, out) if not specs and not check else 0  # a check trusts nothing that was kept
    if same:
        print(f"{same} files unchanged in {out}")
        return
    from symopt.cli.generate import run

    raise typer.Exit(run(specs or [], target, out, check=check))


@app.command()
def derive(
    spec: Spec,
    kind: Annotated[str, typer.Option(help="One kind of facts only, as stability or limits.")] = "",
    steps: Annotated[bool, typer.Option("--steps", help="Show how each fact follows.")] = False,
    sensitivity: Annotated[
        str, typer.Option(help="Print a spec of the derivative with respect to this hyperparameter instead.")
    ] = "",
    json: Json = False,
) -> None:
    """What follows from the equations: corrections, limits, stability, units, ..."""
    from symopt.cli.derive import run, tangent

    if sensitivity:
        if kind or steps or json:
            raise typer.BadParameter("it prints a spec, which has no kinds, steps or JSON", param_hint="--sensitivity")
        tangent(spec, sensitivity)
    else:
        run(spec, kind, steps, as_json=json)


@app.command()
def family(
    out: Annotated[Path | None, typer.Option(help="A file for the figure: FILE.svg, or FILE.tex for TikZ.")] = None,
    json: Json = False,
) -> None:
    """Which optimizers are special cases, limits, twins or wrappers of others."""
    from symopt.cli.family import run

    run(out, as_json=json)


@app.command("cuda-report")
def cuda_report(
    specs: Specs = None,
    arch: Annotated[str, typer.Option(help="Architectures, with commas between them.")] = "sm_90",
    dtype: Annotated[str, typer.Option(help="Of params: float32, float64, float16, bfloat16, masters.")] = "float32",
    out: Annotated[
        Path | None, typer.Option(help="A folder to write the kernels to, proved as `generate` does.")
    ] = None,
    json: Json = False,
) -> None:
    """What the compiler makes of CUDA kernels, and how fast a step can be; needs no GPU."""
    from symopt.cli.cuda_report import run
    from symopt.cli.several import each

    wanted = each(specs or [])
    if out is not None:
        from symopt.cli.generate import run as generate

        if generate(wanted, "cuda", out, check=False):
            raise typer.Exit(1)
    raise typer.Exit(run(wanted, arch, dtype, as_json=json))
