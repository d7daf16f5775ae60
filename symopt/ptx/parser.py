"""From a PTX text to a Module. What is not known here is an error with its line, so that nothing is left out unseen."""

from __future__ import annotations

from symopt.ptx.body import Body
from symopt.ptx.declare import LINKAGE, params, variable
from symopt.ptx.model import Address, Function, Group, Instruction, Kernel, Module, Operand, Symbol, Variable, fault
from symopt.ptx.tokens import Cursor, Token
from symopt.ptx.types import SPECIAL

LIMITS = (".maxntid", ".reqntid", ".minnctapersm", ".maxnreg")
"""What a compiler may note between parameters and body; it does not change what the kernel computes."""


def parse(text: str) -> Module:
    """Read a PTX text."""
    return _Reader(text).module()


class _Reader:
    def __init__(self, text: str):
        self.cursor = Cursor(text)
        self.entries: dict[str, Function] = {}
        self.functions: dict[str, Function] = {}
        self.declared: set[str] = set()
        self.variables: dict[str, Variable] = {}

    def module(self) -> Module:
        while self.cursor.now.kind != "end":
            self._declaration()
        for function in [*self.entries.values(), *self.functions.values()]:
            known = self.variables.keys() | self.declared | {param.name for param in _params(function)}
            _check_names(function, known)
        kernels = {name: Kernel(entry, self.functions, self.variables) for name, entry in self.entries.items()}
        return Module(kernels)

    def _declaration(self) -> None:
        while self.cursor.take(*LINKAGE):
            pass
        token = self.cursor.read("directive", "a directive")
        match token.text:
            case ".version" | ".target" | ".address_size":
                self._header(token)
            case ".global" | ".const" | ".shared":
                found = variable(self.cursor, token.text[1:])
                self.variables[found.name] = found
                self.cursor.expect(";")
            case ".entry" | ".func":
                self._function(token)
            case _:
                raise token.error(f"the directive {token.text} is not known here")

    def _header(self, token: Token) -> None:
        value = self.cursor.advance()
        if token.text == ".address_size" and value.text != "64":
            raise value.error("only addresses of 64 bits are known here")
        while self.cursor.take(","):
            self.cursor.advance()

    def _function(self, token: Token) -> None:
        results = params(self.cursor) if token.text == ".func" else ()
        name = self.cursor.read("word", "a name").text
        given = params(self.cursor)
        self.declared.add(name)
        while self.cursor.take(*LIMITS):
            self.cursor.integer()
            while self.cursor.take(","):
                self.cursor.integer()
        if self.cursor.take(";"):
            return
        body = Body(self.cursor)
        body.read()
        if not body.code or body.code[-1].root not in ("ret", "exit", "bra") or body.code[-1].guard:
            raise token.error(f"{name} runs past its end: its last instruction must be ret, exit or bra")
        registers, variables, code = body.registers, body.variables, tuple(body.code)
        function = Function(name, given, results, registers, variables, code, body.labels, token.line)
        (self.entries if token.text == ".entry" else self.functions)[name] = function


def _params(function: Function) -> tuple[Variable, ...]:
    return (*function.params, *function.results)


def _check_names(function: Function, known: set[str]) -> None:
    known = known | function.labels.keys() | function.variables.keys() | SPECIAL | {"_"}  # _ takes what nobody wants
    for instruction in function.code:
        for name in _symbols(instruction):
            if name not in known:
                raise fault(instruction.line, f"{name} is declared nowhere")


def _symbols(instruction: Instruction) -> list[str]:
    found: list[str] = []
    waiting: list[Operand] = list(instruction.operands)
    while waiting:
        match waiting.pop():
            case Symbol(name):
                found.append(name)
            case Address(base):
                waiting.append(base)
            case Group(_, members):
                waiting.extend(members)
            case _:
                pass
    return found
