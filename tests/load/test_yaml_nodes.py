"""What is not YAML is told in our sentences, whatever version of the library reads it, in C or in
Python; and it is not composed deeper than any honest file goes."""

import pytest
import yaml

from generator.errors import InputError
from generator.load import yaml_nodes
from generator.load.yaml_nodes import MAX_DEPTH, compose

ESCAPE = r"write a backslash as \\"
CONTINUE = "this line does not continue the lines above: check its indentation"


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _loader(request, monkeypatch):
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    bases = (yaml_nodes._Shallow, getattr(yaml, request.param))
    monkeypatch.setattr(yaml_nodes, "_Loader", type("_Loader", bases, {}))


def refusal(text: str) -> str:
    with pytest.raises(InputError) as error:
        compose(text.encode(), "f")
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: @b", "1:4: invalid YAML: text cannot begin with @: put it in quotes"),
        ("a: %b", "1:4: invalid YAML: text cannot begin with %: put it in quotes"),
        ("a: *.b", "1:4: invalid YAML: text cannot begin with *: put it in quotes"),
        ("a: *b", "1:4: invalid YAML: undefined alias *b: put text that begins with * in quotes"),
        ("a: b: c", "1:5: invalid YAML: unexpected ':': put the text in quotes"),
        ("a: [b, ::1]", "1:8: invalid YAML: unexpected ':': put the text in quotes"),
        ('a: "b" c', "1:8: invalid YAML: unexpected 'c': put the text in quotes"),
        ("a: [b]]", "1:7: invalid YAML: unexpected ']': put the text in quotes"),
        ("a: [b\nc: d", "2:2: invalid YAML: expected ',' or ']' in the list that begins at 1:4"),
        ("a: {b: c\nd: e", "2:2: invalid YAML: expected ',' or '}' in the mapping that begins at "
         "1:4"),
        ("a: [", "1:5: invalid YAML: unexpected end of the file"),
        ('a: "b\nc: d', "1:4: invalid YAML: this quote is never closed"),
        ("a: 'b\nc: d", "1:4: invalid YAML: this quote is never closed"),
        (r'a: "b\c"', rf"1:6: invalid YAML: invalid escape \c: {ESCAPE}"),
        (r'a: "\x4"', rf"1:5: invalid YAML: invalid escape \x4: {ESCAPE}"),
        ("a:\n\tb: c", "2:1: invalid YAML: tab in the indentation: indent with spaces"),
        ("a: b\nc\nd: e\n", "2:1: invalid YAML: expected ':' after this key"),
        ("a: b\n'c'\nd: e\n", "2:1: invalid YAML: expected ':' after this key"),
        ("a: b\n  c: d\n", f"2:3: invalid YAML: {CONTINUE}"),
        ("a:\n  b: c\n d: e\n", f"3:2: invalid YAML: {CONTINUE}"),
        ("- a\nb: c\n", f"2:1: invalid YAML: {CONTINUE}"),
        ("a: b\n---\nc: d\n", "2:1: invalid YAML: a second document begins here: a file holds one"),
        ("\ufeffa: @b", "1:4: invalid YAML: text cannot begin with @: put it in quotes"),
        ("a:\r\n  b: @c\r\n", "2:6: invalid YAML: text cannot begin with @: put it in quotes"),
        ("a: \0", "1:4: invalid character U+0000: remove it"),
        ("a: b\x85", "1:5: invalid character U+0085: remove it"),
        ("# nothing", "1:1: the file is empty"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_said_in_our_words(text, sentence):
    assert refusal(text) == f"f:{sentence}"


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
@pytest.mark.parametrize(
    "level", ["[", "[\n", "{a: ", "- ", "? ", "- - ? ", "[{a: "], ids=lambda level: repr(level)
)
def test_deep_nesting_is_refused_before_the_library_recurses(level, levels):
    sentence = refusal(level * levels + "x")
    assert sentence.endswith(": the YAML is nested too deeply")


def test_deep_nesting_in_a_block_is_refused():
    block = "".join(f"{' ' * n}a:\n" for n in range(1000))
    assert refusal(block) == f"f:{MAX_DEPTH + 1}: the YAML is nested too deeply"


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ("[\n", "]\n"), ("{a: ", "}"), ("- ", "")]
)
def test_as_many_levels_as_are_allowed_are_read(opening, closing):
    assert compose((opening * MAX_DEPTH + "x" + closing * MAX_DEPTH).encode(), "f")


def test_many_brackets_side_by_side_are_not_nested():
    assert compose(b"- [a, {b: c}, '[[[[[']\n" * 1000, "f")
