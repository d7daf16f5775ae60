"""The body of a kernel or function: scopes, labels and instructions."""

from __future__ import annotations

from symopt.ptx.declare import registers, variable
from symopt.ptx.model import Address, Group, Immediate, Instruction, Operand, Register, Symbol, Variable
from symopt.ptx.tokens import Cursor, Token, whole

CLOSING = {"{": "}", "(": ")"}


class Body:
    """Reads a body. A name that an inner scope declares gets its line, so that every name is declared once."""

    def __init__(self, cursor: Cursor):
        self.cursor = cursor
        self.registers: dict[str, str] = {}
        self.variables: dict[str, Variable] = {}
        self.code: list[Instruction] = []
        self.labels: dict[str, int] = {}
        self.scopes: list[dict[str, str]] = []

    def read(self) -> None:
        """Read from the first brace to the one that closes it."""
        self.cursor.expect("{")
        self.scopes.append({})
        while self.scopes:
            if self.cursor.take("{"):
                self.scopes.append({})
            elif self.cursor.take("}"):
                self.scopes.pop()
            elif self.cursor.now.kind == "directive":
                self._directive(self.cursor.advance())
            else:
                self._statement()

    def _directive(self, token: Token) -> None:
        match token.text:
            case ".reg":
                for name, text, kind in registers(self.cursor):
                    self.registers[self._declare(name, text)] = kind
            case ".local" | ".shared" | ".param":
                name = self.cursor.now
                found = variable(self.cursor, token.text[1:])
                self.cursor.expect(";")
                self.variables[self._declare(name, found.name)] = found
            case ".pragma":
                self.cursor.read("text", "the text of a pragma")
                self.cursor.expect(";")
            case _:
                raise token.error(f"the directive {token.text} is not known here")

    def _declare(self, token: Token, name: str) -> str:
        if name in self.scopes[-1]:
            raise token.error(f"{name} is declared twice")
        unique = name if len(self.scopes) == 1 else f"{name}@{token.line}"
        self.scopes[-1][name] = unique
        return unique

    def _name(self, name: str) -> str:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), name)

    def _statement(self) -> None:
        guard = self._guard() if self.cursor.take("@") else None
        token = self.cursor.read("word", "an instruction")
        if guard is None and self.cursor.take(":"):
            if token.text in self.labels:
                raise token.error(f"the label {token.text} stands twice")
            self.labels[token.text] = len(self.code)
            return
        operands: list[Operand] = []
        while not self.cursor.take(";"):
            if operands:
                self.cursor.expect(",")
            operands.append(self._operand())
        self.code.append(Instruction(token.line, token.text, tuple(operands), guard))

    def _guard(self) -> Register:
        negated = self.cursor.take("!") is not None
        token = self.cursor.read("word", "a predicate")
        name = self._name(token.text)
        if self.registers.get(name) != "pred":
            raise token.error(f"{token.text} is no predicate")
        return Register(name, negated)

    def _operand(self) -> Operand:
        opening = self.cursor.take("{", "(")
        if opening:
            return Group(opening.text, tuple(self._members(CLOSING[opening.text])))
        if self.cursor.take("["):
            return self._address()
        first = self._simple()
        return Group("|", (first, self._simple())) if self.cursor.take("|") else first

    def _members(self, closing: str) -> list[Operand]:
        found: list[Operand] = []
        while not self.cursor.take(closing):
            if found:
                self.cursor.expect(",")
            found.append(self._simple())
        return found

    def _address(self) -> Address:
        base = self._simple()
        offset = 0
        while self.cursor.take("+") or self.cursor.now.text == "-":
            offset += self.cursor.integer()
        self.cursor.expect("]")
        return Address(base, offset)

    def _simple(self) -> Register | Symbol | Immediate:
        negated = self.cursor.take("!") is not None
        token = self.cursor.now
        if token.kind != "word":
            return self._number()
        name = self._name(self.cursor.advance().text)
        if name in self.registers:
            return Register(name, negated)
        if negated:
            raise token.error(f"{token.text} is no predicate")
        return Symbol(name)

    def _number(self) -> Immediate:
        token = self.cursor.now
        if token.kind == "number" and token.text[:2].lower() in ("0f", "0d"):
            bits = self.cursor.advance().text[2:]
            return Immediate(int(bits, 16), 4 * len(bits))
        negative = self.cursor.take("-") is not None
        value = whole(self.cursor.read("number", "an operand").text)
        return Immediate(-value if negative else value)
