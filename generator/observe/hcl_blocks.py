"""The blocks of a file in HCL, with the text of each attribute's expression and its line.

It follows "HCL Native Syntax Specification" as far as blocks go, and moves forward only, so it
takes time that is proportional to the text. Of expressions it knows the brackets.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn

from generator.errors import InputError, Mistake, shown

MAX_DEPTH = 40  # of brackets and blocks; python-hcl2 calls itself for each
_TOKEN = re.compile(
    r"""
      (?P<end> \n | \#[^\n]* | //[^\n]* )
    | (?P<skipped> [^\S\n]+ | /\*.*?\*/ )
    | (?P<heredoc> <<-?(?P<tag>[A-Za-z_][\w.-]*)\r?\n )
    | (?P<string> " )
    | (?P<word> [^\W\d][\w-]* )
    | (?P<sign> == | => | [!<>]= | [][(){}=] )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_STRING = re.compile(r'\\.|"|[$%]\{|[{}]|\n', re.DOTALL)
_CLOSING = {"[": "]", "(": ")", "{": "}"}


class Expression(NamedTuple):
    """An expression of HCL, as it is written."""

    text: str


class Attribute(NamedTuple):
    """The value of an attribute: an Expression, or what a file in JSON has."""

    line: int
    value: Any


class Block(NamedTuple):
    """A block: its type with its labels, and what it holds."""

    words: tuple[str, ...]
    line: int
    attributes: dict[str, Attribute]
    blocks: list[Block]


def read_hcl(text: str, file: str) -> Block:
    """The whole of a file as a block without a type. Raises InputError for what is no HCL."""
    return _Reader(text, file).read()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._position, self._line = 0, 1
        self._kind = ""
        self._start = 0

    def read(self) -> Block:
        stack = [Block((), 1, {}, [])]
        words: list[str] = []
        while token := self._next():
            if self._kind == "end":
                if words:
                    line = self._line - token.count("\n")
                    self._fail(f"expected a block or an attribute after {shown(words[-1])}", line)
            elif self._kind == "string" and words:
                words.append(token[1:-1])
            elif self._kind == "word":
                words.append(token)
            elif token == "=" and len(words) == 1:
                line = self._line
                stack[-1].attributes[words.pop()] = Attribute(line, Expression(self._expression()))
            elif token == "{" and words:
                if len(stack) >= MAX_DEPTH:
                    self._fail(f"more than {MAX_DEPTH} nested blocks or brackets")
                stack.append(Block(tuple(words), self._line, {}, []))
                stack[-2].blocks.append(stack[-1])
                words = []
            elif token == "}" and len(stack) > 1 and not words:
                stack.pop()
            else:
                self._fail(f"unexpected {shown(token)}")
        if words or len(stack) > 1:
            line = self._line if words else stack[-1].line
            self._fail("the file ends within a block, which begins here", line)
        return stack[0]

    def _expression(self) -> str:
        """The text of the expression that follows, up to the end of its line outside brackets."""
        start = end = self._position
        open_brackets: list[str] = []
        line = self._line
        while token := self._next():
            closes = token == "}" and self._kind == "sign"
            if not open_brackets and (self._kind == "end" or closes):
                self._position = self._start  # for the block around it
                self._line -= token.count("\n")
                break
            if self._kind == "sign" and token in _CLOSING:
                open_brackets.append(_CLOSING[token])
                if len(open_brackets) > MAX_DEPTH:
                    self._fail(f"more than {MAX_DEPTH} nested blocks or brackets")
            elif (
                self._kind == "sign"
                and token in _CLOSING.values()
                and (not open_brackets or open_brackets.pop() != token)
            ):
                self._fail(f"unexpected {shown(token)}")
            if self._kind == "heredoc" and not open_brackets:
                end = self._position
                break
            end = self._position
        if open_brackets:
            self._fail(f"{shown(open_brackets[-1])} is missing in an expression", line)
        text = self._text[start:end].strip()
        if not text:
            self._fail("a value is missing after '='", line)
        return text

    def _next(self) -> str:
        """The next token that counts; an empty one at the end of the file."""
        while match := _TOKEN.match(self._text, self._position):
            self._kind = str(match.lastgroup)
            self._start, self._position = match.start(), match.end()
            if self._kind == "tag":
                self._kind = "heredoc"
            if self._kind == "string":
                self._position = self._string_end()
            elif self._kind == "heredoc":
                self._position = self._heredoc_end(match["tag"])
            token = self._text[self._start : self._position]
            if self._kind == "end" and token == "\n":
                self._line += 1
                return token
            self._line += token.count("\n")
            if self._kind != "skipped":
                return token
        return ""

    def _string_end(self) -> int:
        inside = ['"']  # strings, and the braces of interpolations and objects in them
        for match in _IN_STRING.finditer(self._text, self._position):
            token = match[0]
            if inside[-1] == '"':
                if token == "\n":
                    break
                if token == '"':
                    inside.pop()
                elif token in ("${", "%{") and not self._is_escaped(match.start()):
                    inside.append("{")
            elif token == "}":
                inside.pop()
            elif token in ('"', "{", "${", "%{"):
                inside.append(token[-1])
            if not inside:
                return match.end()
            if len(inside) > MAX_DEPTH:
                self._fail(f"more than {MAX_DEPTH} nested blocks or brackets")
        return self._fail("a string is not closed on its line")

    def _is_escaped(self, start: int) -> bool:
        """Whether the sign of an interpolation is doubled, and the pair before it is not."""
        sign, before = self._text[start], start
        while before and self._text[before - 1] == sign and start - before < MAX_DEPTH:
            before -= 1
        return (start - before) % 2 == 1

    def _heredoc_end(self, tag: str) -> int:
        end = re.compile(rf"^[ \t]*{re.escape(tag)}[ \t]*\r?$", re.MULTILINE)
        if found := end.search(self._text, self._position):
            return found.end()
        return self._fail(f"the heredoc {shown(tag)} is not closed")

    def _fail(self, message: str, line: int = 0) -> NoReturn:
        raise InputError([Mistake(self._file, line or self._line, 0, f"invalid HCL: {message}")])
