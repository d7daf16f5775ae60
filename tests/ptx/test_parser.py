"""What is read of a PTX text, and what is refused, with its line."""

import numpy as np
import pytest

from symopt.errors import SymoptError
from symopt.ptx import Memory, parse, run
from symopt.ptx.model import Address, Group, Immediate, Register, Symbol

HEAD = ".version 9.5\n.target sm_90, debug\n.address_size 64\n"
TEXT = f"""//
// a comment
{HEAD}
.func (.param .b64 back) later (.param .b64 given) ; /* declared
here, defined nowhere */
.common .global .align 8 .u64 environment;
.global .align 16 .b8 table[8] = {{1, 2, 0xff, 010}};
.const .f64 ratio = 0d3FE0000000000000;
.visible .entry first(
    .param .u64 out, .param .f32 x,
    .param .align 8 .b8 packed[24]
)
.maxntid 256, 1, 1
.minnctapersm 2
{{
    .reg .pred %p<2>;
    .reg .b32 %r<3>, %only;
    .reg .b64 %rd<4>;
    .shared .align 4 .b8 room[16];
    .pragma "nounroll";
    mov.u32 %r0, %tid.x;
$L__BB0_1:
    @!%p1 bra $L__BB0_1;
    {{
    .reg .b32 %temp;
    mov.b64 {{%temp, %r1}}, %rd0;
    }}
    {{ .reg .b32 %temp; mov.b64 {{%r2, %temp}}, %rd0; }}
    ld.global.v2.u32 {{%r1, %r2}}, [%rd1+-4];
    setp.lt.and.s32 %p0|%p1, %r1, -5, !%p1;
    mov.f32 %only, 0fBF800000;
    call.uni (environment), later, (table);
    ld.shared.u32 %r1, [room+4];
    ret;
}}
.entry second() {{ ret; }}
"""


def test_what_is_read():
    module = parse(TEXT)
    assert list(module.kernels) == ["first", "second"]
    kernel = module.kernels["first"]
    assert [(p.name, p.kind, p.offset, p.size, p.align) for p in kernel.params] == [
        ("out", "u64", 0, 8, 8),
        ("x", "f32", 8, 4, 4),
        ("packed", "b8", 16, 24, 8),
    ]
    assert kernel.variables["table"].data == bytes([1, 2, 255, 8, 0, 0, 0, 0])
    assert kernel.variables["ratio"].data == np.float64(0.5).tobytes()
    assert kernel.variables["environment"].data is None
    entry = kernel.entry
    assert entry.registers == {
        **{f"%p{i}": "pred" for i in range(2)},
        **{f"%r{i}": "b32" for i in range(3)},
        **{f"%rd{i}": "b64" for i in range(4)},
        "%only": "b32",
        "%temp@28": "b32",
        "%temp@31": "b32",
    }
    assert entry.labels == {"$L__BB0_1": 1}
    assert entry.variables["room"].space == "shared"


def test_instructions_as_read():
    code = parse(TEXT).kernels["first"].entry.code
    assert [one.opcode for one in code][:3] == ["mov.u32", "bra", "mov.b64"]
    assert code[0].operands == (Register("%r0"), Symbol("%tid.x"))
    assert code[0].line == 24
    assert (code[1].guard, code[1].operands) == (Register("%p1", negated=True), (Symbol("$L__BB0_1"),))
    assert code[2].operands == (Group("{", (Register("%temp@28"), Register("%r1"))), Register("%rd0"))
    assert code[4].operands == (Group("{", (Register("%r1"), Register("%r2"))), Address(Register("%rd1"), -4))
    both, first, second, third = code[5].operands
    assert both == Group("|", (Register("%p0"), Register("%p1")))
    assert (first, second, third) == (Register("%r1"), Immediate(-5), Register("%p1", negated=True))
    assert code[6].operands[1] == Immediate(0xBF800000, bits=32)
    assert code[7].operands == (Group("(", (Symbol("environment"),)), Symbol("later"), Group("(", (Symbol("table"),)))
    assert code[8].operands[1] == Address(Symbol("room"), 4)
    assert (code[5].root, code[5].modifiers) == ("setp", ("lt", "and", "s32"))


def test_the_only_kernel():
    assert parse(f"{HEAD}.entry one() {{ ret; }}").kernel.name == "one"
    with pytest.raises(SymoptError, match="2 kernels; choose one by name"):
        parse(TEXT).kernel  # noqa: B018


def body(lines):
    registers = ".reg .b32 %r<2>; .reg .f32 %f<2>; .reg .pred %p<2>; .reg .b64 %rd<2>;"
    return f"{HEAD}.entry k(.param .u64 out) {{ {registers}\n{lines} ret; }}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".version 8.0\n.file 1 'a'", "line 2: \"'a'\" is not known"),
        (".version 8.0\n.surface 1", "line 2: the directive .surface is not known here"),
        (".address_size 32", "line 1: only addresses of 64 bits"),
        (".entry k() { ret; \n .branchtargets A; }", "line 2: the directive .branchtargets is not known here"),
        (".entry k() { .reg .b128 %r; ret; }", "line 1: the type .b128 is not known here"),
        (".entry k() { .reg .b32 %r; .reg .b32 %r; ret; }", "line 1: %r is declared twice"),
        (".entry k() { A: A: ret; }", "line 1: the label A stands twice"),
        (".entry k() { \n bra A; ret; }", "line 2: A is declared nowhere"),
        (".entry k() { .reg .b32 %r<2>; \n mov.u32 %r2, 0; ret; }", "line 2: %r2 is declared nowhere"),
        (".entry k() { .reg .b32 %r<2>; mov.u32 %r1, 0; }", "k runs past its end"),
        (".entry k() { .reg .pred %p; @%p ret; }", "k runs past its end"),
        (".entry k() { .reg .b32 %r; @%r ret; ret; }", "line 1: %r is no predicate"),
        (".entry k() { mov.u32 5 6; ret; }", "line 1: expected ,, found 6"),
        (".entry k() { ret }", "line 1: expected an operand, found }"),
        (".global .b8 x[2] = {1, 2, 3};", "line 1: 3 bytes are given for a variable of 2"),
        (".extern .shared .b8 x[];", "line 1: expected a whole number, found ]"),
        (".global .f64 x = 0f3F800000;", "line 1: a float of 32 bits stands where 64 are declared"),
        (".entry k() { ret; ", "expected an instruction, found the end of the text"),
        (".entry k(.param .u64 a .param .u64 b) { ret; }", "expected ,, found .param"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(SymoptError) as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("frobnicate.f32 %f0, %f1;", "the instruction frobnicate.f32 is not known here"),
        ("add.f64x2 %f0, %f1, %f1;", "the instruction add.f64x2 is not known here"),
        ("add.ru.f32 %f0, %f1, %f1;", "the instruction add.ru.f32 is not known here"),
        ("fma.f32 %f0, %f1, %f1, %f1;", "the instruction fma.f32 is not known here"),
        ("div.f32 %f0, %f1, %f1;", "the instruction div.f32 is not known here"),
        ("atom.global.add.f32 %f0, [%rd0], %f1;", "the instruction atom.global.add.f32 is not known here"),
        ("add.f32 %f0, %f1;", "add.f32 has 2 operands"),
        ("add.f64 %f0, %f1, %f1;", "%f1 is declared as f32 and used as f64"),
        ("add.u32 %r0, %p1, %r1;", "%p1 is declared as pred and used as u32"),
        ("add.f32 %f0, %f1, 1;", "a whole number stands where a float is expected"),
        ("add.f32 %f0, %f1, 0d3FF0000000000000;", "a float of 64 bits stands where 32 are expected"),
        ("mov.u32 %r0, 4294967296;", "4294967296 does not fit into 32 bits"),
        ("mov.u32 5, %r0;", "only a register can be written to"),
        ("cvt.f32.f64 %f0, %rd0;", "asks for rn, rz, rm or rp"),
        ("cvt.rn.s32.f32 %r0, %f0;", "says how to round: rni, rzi, rmi or rpi"),
        ("cvt.f32.s32 %f0, %r0;", "from an integer to a float"),
        ("cvt.f32 %f0, %f0;", "a conversion names two types"),
        ("ld.global.v2.u64 {%rd0, %rd1, %rd0}, [%rd0];", "2 numbers are moved, and 3 operands given"),
        ("ld.global.v4.u64 {%rd0, %rd1, %rd0, %rd1}, [%rd0];", "no access is wider than 16 bytes"),
        ("ld.global.L2.u32 %r0, [%rd0];", "the instruction ld.global.L2.u32 is not known here"),
        ("ld.global.u32 %r0, %rd0;", "an address in brackets is expected"),
        ("bar.sync 1;", "the instruction bar.sync is not known here"),
        ("mov.b64 {%r0, %r1, %r0}, %rd0;", "b64 has no 3 parts"),
        ("call.uni (out), nobody, ();", "nobody is declared nowhere"),
        ("exit 5;", "the instruction exit is not known here"),
    ],
)
def test_instructions_that_are_refused_before_anything_runs(lines, message):
    with pytest.raises(SymoptError) as caught:
        run(parse(body(f"bra END; {lines} END:")).kernel, 1, 1, [0], Memory())
    assert message in str(caught.value)
    assert str(caught.value).startswith("PTX line 5: ")


def test_an_empty_line_changes_the_numbers_of_lines():
    with pytest.raises(SymoptError, match="PTX line 8: the instruction frob"):
        run(parse(body("bra END;\n\n\nfrob.f32 %f0; END:")).kernel, 1, 1, [0], Memory())
