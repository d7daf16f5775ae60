"""Declarations of a PTX text: parameters, registers and variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symopt.ptx.model import Variable
from symopt.ptx.tokens import Cursor, Token
from symopt.ptx.types import BYTES

LINKAGE = (".visible", ".common", ".extern", ".weak")
SPACES = (".global", ".const", ".shared", ".local", ".param")


def variable(cursor: Cursor, space: str) -> Variable:
    """A variable after its state space: `.align 8 .b8 name[144] = {...}`; alignment, length and data may be missing."""
    align = cursor.integer() if cursor.take(".align") else 0
    kind = _kind(cursor)
    if space == "param" and cursor.take(".ptr"):
        _pointed(cursor)
    name = cursor.read("word", "the name of a variable")
    length = 1
    while cursor.take("["):
        length *= cursor.integer()
        cursor.expect("]")
    size = length * BYTES[kind]
    data = _data(cursor, kind, size) if cursor.take("=") else None
    if length < 1:
        raise name.error(f"{name.text} has no length that is known here")
    return Variable(name.text, space, kind, size, align or BYTES[kind], data)


def _kind(cursor: Cursor) -> str:
    token = cursor.read("directive", "a type")
    if token.text[1:] not in BYTES:
        raise token.error(f"the type {token.text} is not known here")
    return token.text[1:]


def _pointed(cursor: Cursor) -> None:
    """What a parameter points to, which changes nothing here: its space and alignment."""
    if cursor.now.text in SPACES:
        cursor.advance()
    if cursor.take(".align"):
        cursor.integer()


def _data(cursor: Cursor, kind: str, size: int) -> bytes:
    braces = cursor.take("{") is not None
    values = [_value(cursor, kind)]
    while cursor.take(","):
        values.append(_value(cursor, kind))
    if braces:
        cursor.expect("}")
    found = b"".join(values)
    if len(found) > size:
        raise cursor.now.error(f"{len(found)} bytes are given for a variable of {size}")
    return found.ljust(size, b"\0")


def _value(cursor: Cursor, kind: str) -> bytes:
    width = BYTES[kind]
    if cursor.now.text[:2] in ("0f", "0F", "0d", "0D"):
        bits = cursor.advance().text[2:]
        if len(bits) != 2 * width:
            raise cursor.now.error(f"a float of {4 * len(bits)} bits stands where {8 * width} are declared")
        return int(bits, 16).to_bytes(width, "little")
    return (cursor.integer() % 256**width).to_bytes(width, "little")


def params(cursor: Cursor) -> tuple[Variable, ...]:
    """A list of parameters in parentheses, each with its offset; empty where there is none."""
    found: list[Variable] = []
    end = 0
    if not cursor.take("("):
        return ()
    while not cursor.take(")"):
        if found:
            cursor.expect(",")
        cursor.expect(".param")
        one = variable(cursor, "param")
        offset = -(-end // one.align) * one.align
        found.append(replace(one, offset=offset))
        end = offset + one.size
    return tuple(found)


def registers(cursor: Cursor) -> Iterator[tuple[Token, str, str]]:
    """After `.reg`: each register with the token that declares it, its name and its type."""
    kind = "pred" if cursor.take(".pred") else _kind(cursor)
    while True:
        name = cursor.read("word", "the name of a register")
        if cursor.take("<"):
            yield from ((name, f"{name.text}{index}", kind) for index in range(cursor.integer()))
            cursor.expect(">")
        else:
            yield name, name.text, kind
        if not cursor.take(","):
            break
    cursor.expect(";")
