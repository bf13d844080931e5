"""Conditions, read into a tree: what CEL does not tell of an expression, we look up here.

CEL alone evaluates. The tree is for what people are told: which name is unknown, which part of
a condition failed, which label it asks for, and what makes it too costly to be let in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

LONGEST = 2_000  # characters of a condition: longer ones are tables that want to be rows
DEEPEST = 24  # levels of nesting; CEL itself stops at 32, and a table needs some of them

NAME, TEXT, LITERAL, CALL, FIELD, PICK = "name", "text", "literal", "call", "field", "pick"
LIST, MAP, NOT, MINUS, AND, OR, CHOICE = "list", "map", "not", "minus", "and", "or", "choice"
OPERATION = "operation"

_TOKEN = re.compile(
    r"""(?P<space>(?:\s+|//[^\n]*)+)
    |(?P<raw>(?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*'))
    |(?P<text>[bB]?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|\d*\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+|[uU])?)
    |(?P<word>[_a-zA-Z][_a-zA-Z0-9]*)
    |(?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONSTANTS = ("true", "false", "null")
_LEVELS = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))


class Unreadable(Exception):
    """A condition that is no expression, or is too large to be one: where, and why."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a condition. `value` is its name, text, function or sign.

    The first part of a call is what it is called on, unless it is `free` and on nothing.
    """

    kind: str
    start: int
    end: int
    value: str = ""
    parts: tuple[Node, ...] = ()
    free: bool = False
    depth: int = 1


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse(text: str) -> Node:
    """Read a condition. Raises Unreadable with the position."""
    if len(text) > LONGEST:
        raise Unreadable(LONGEST, f"expected at most {LONGEST} characters, got {len(text)}")
    reader = _Reader(list(_tokens(text)))
    found = reader.expression()
    if reader.next.kind != "end":
        raise reader.unexpected("the end or an operator")
    return found


def place(text: str, at: int) -> str:
    """Line and column of a position, both from 1."""
    line_start = text.rfind("\n", 0, at) + 1
    return f"{text.count(chr(10), 0, at) + 1}:{at - line_start + 1}"


def position(text: str, line: int, column: int) -> int:
    """The position of a line and a column, both from 1."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return min(len(text), starts[min(line, len(starts)) - 1] + max(0, column - 1))


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            reason = "this text has no end" if text[at] in "\"'" else f"unexpected {text[at]!r}"
            raise Unreadable(at, reason)
        at = match.end()
        if match.lastgroup and match.lastgroup != "space":
            yield _Token(match.lastgroup, match[0], match.start(), match.end())
    yield _Token("end", "", len(text), len(text))


def _unquoted(token: _Token) -> str:
    body = token.text.lstrip("rRbB")
    quotes = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[quotes:-quotes]
    return body if token.kind == "raw" else _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
    elif len(code) == 3:
        number = int(code, 8)
    else:
        return _SHORT.get(code, code)
    return chr(number) if number < 0x110000 else "\ufffd"  # CEL says what is wrong with it


@dataclass(slots=True)
class _Reader:
    """Recursive descent over the grammar of CEL, with our own bound on nesting."""

    tokens: list[_Token]
    at: int = 0
    inside: int = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def unexpected(self, expected: str) -> Unreadable:
        got = repr(self.next.text) if self.next.text else "the end"
        return Unreadable(self.next.start, f"expected {expected}, got {got}")

    def expression(self) -> Node:
        start = self.next.start
        self.inside += 1
        if self.inside > DEEPEST:
            raise _too_deep(start)
        condition = self._chain(OR, "||")
        if self._taken("?"):
            yes = self._chain(OR, "||")
            self._need(":")
            condition = _node(CHOICE, start, (condition, yes, self.expression()))
        self.inside -= 1
        return condition

    def _chain(self, kind: str, sign: str) -> Node:
        """Parts joined by one sign, side by side however many they are."""
        parts = [self._chain(AND, "&&") if kind == OR else self._binary(0)]
        while self._taken(sign):
            parts.append(self._chain(AND, "&&") if kind == OR else self._binary(0))
        return parts[0] if len(parts) == 1 else _node(kind, parts[0].start, tuple(parts), sign)

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.next.kind in ("sign", "word") and self.next.text in _LEVELS[level]:
            sign = self._advance().text
            left = _node(OPERATION, left.start, (left, self._binary(level + 1)), sign)
        return left

    def _unary(self) -> Node:
        signs = []
        while self.next.text in ("!", "-") and self.next.kind == "sign":
            signs.append(self._advance())
        found = self._member()
        for sign in reversed(signs):
            kind = NOT if sign.text == "!" else MINUS
            found = _node(kind, sign.start, (found,), sign.text)
        return found

    def _member(self) -> Node:
        found = self._primary()
        while True:
            if self._taken("."):
                found = self._dotted(found)
            elif self._taken("["):
                index = self.expression()
                end = self._need("]").end
                found = _node(PICK, found.start, (found, index), end=end)
            else:
                return found

    def _dotted(self, found: Node) -> Node:
        if self.next.kind != "word":
            raise self.unexpected("a name after the dot")
        word = self._advance()
        if self._taken("("):
            arguments = self._list(")")
            return _node(CALL, found.start, (found, *arguments), word.text, end=self._last_end())
        if found.kind == NAME:
            whole = f"{found.value}.{word.text}"
            return _node(NAME, found.start, (), whole, end=word.end)
        return _node(FIELD, found.start, (found,), word.text, end=word.end)

    def _primary(self) -> Node:
        token = self.next
        if self._taken("("):
            found = self.expression()
            return replace(found, start=token.start, end=self._need(")").end)
        if self._taken("["):
            return _node(LIST, token.start, self._list("]"), end=self._last_end())
        if self._taken("{"):
            return _node(MAP, token.start, self._list("}"), end=self._last_end())
        if token.kind not in ("raw", "text", "number", "word") or token.text == "in":
            raise self.unexpected("a value")
        self._advance()
        if token.kind == "word" and token.text not in _CONSTANTS:
            return self._named(token)
        kind = TEXT if token.kind in ("raw", "text") else LITERAL
        value = _unquoted(token) if kind == TEXT else token.text
        return Node(kind=kind, start=token.start, end=token.end, value=value)

    def _named(self, word: _Token) -> Node:
        if self._taken("("):
            parts = self._list(")")
            found = _node(CALL, word.start, parts, word.text, end=self._last_end())
            return replace(found, free=True)
        return Node(kind=NAME, start=word.start, end=word.end, value=word.text)

    def _list(self, closing: str) -> tuple[Node, ...]:
        """Values up to the closing sign; those of a map are keys and values in turn."""
        found: list[Node] = []
        while not self._taken(closing):
            found.append(self.expression())
            if closing == "}":
                self._need(":")
                found.append(self.expression())
            if not self._taken(",") and self.next.text != closing:
                raise self.unexpected(f"',' or '{closing}'")
        return tuple(found)

    def _taken(self, sign: str) -> bool:
        if self.next.kind == "sign" and self.next.text == sign:
            self.at += 1
            return True
        return False

    def _need(self, sign: str) -> _Token:
        if not self._taken(sign):
            raise self.unexpected(f"'{sign}'")
        return self.tokens[self.at - 1]

    def _advance(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _last_end(self) -> int:
        return self.tokens[self.at - 1].end


def _too_deep(at: int) -> Unreadable:
    return Unreadable(at, f"expected at most {DEEPEST} levels of nesting, got more")


def _node(kind: str, start: int, parts: tuple[Node, ...], value: str = "", *, end: int = 0) -> Node:
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > DEEPEST:
        raise _too_deep(start)
    last = end or parts[-1].end
    return Node(kind=kind, start=start, end=last, value=value, parts=parts, depth=depth)
