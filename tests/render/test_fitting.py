from __future__ import annotations

import pytest

from generator.render.fitting import fitted, listed, width, wrapped


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        pytest.param("naves", 5, "naves", id="fits"),
        pytest.param("", 5, "", id="empty"),
        pytest.param("naves and more", 8, "naves a…", id="cut"),
        pytest.param("naves and more", 6.7, "naves…", id="no-space-before-the-ellipsis"),
        pytest.param("名前名前", 5, "名前…", id="wide-letters-count-twice"),
        pytest.param("e\u0301e\u0301", 2, "e\u0301e\u0301", id="combining-letters-have-no-width"),
        pytest.param("names", 0.5, "…", id="no-room"),
    ],
)
def test_a_text_is_cut_to_its_room(text, room, expected):
    assert fitted(text, room) == expected


def test_words_are_wrapped_and_the_last_line_is_cut():
    assert wrapped("one two three", 8, 2) == ("one two", "three")
    assert wrapped("one two three four five", 8, 2) == ("one two", "three fo…")
    assert wrapped("unbreakable", 6, 2) == ("unbre…",)


def test_a_list_counts_what_has_no_room():
    assert listed(["22", "80", "22"], 20) == "22, 80, 22"
    assert listed(["1000", "2000", "3000"], 9) == "1000 +2"
    assert listed(["unbreakable", "b"], 8) == "unbr… +1"
    assert listed([], 8) == ""


def test_narrow_and_wide_letters_differ():
    assert width("iii") < width("nnn") < width("mmm")
