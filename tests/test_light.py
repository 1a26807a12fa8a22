"""Our dataclasses are the library's, but for the time that it takes to define one."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import pytest

from generator.light import dataclass


@dataclass(frozen=True)
class Point:
    x: int
    y: tuple[int, ...] = ()

    @cached_property
    def double(self) -> int:
        return 2 * self.x


@dataclass(frozen=True)
class Named(Point):
    name: str = ""


def test_equal_values_are_equal_and_have_one_hash():
    assert Point(1, (2,)) == Point(1, (2,))
    assert len({Point(1), Point(1), Point(2)}) == 2


def test_an_object_of_another_class_is_not_equal():
    assert Point(1) != Named(1)
    assert Point(1) != (1, ())


def test_a_subclass_compares_what_it_adds():
    assert Named(1, name="a") != Named(1, name="b")


@pytest.mark.parametrize("name", ["x", "z"])
def test_objects_stay_as_they_are_made(name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(Point(1), name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del Point(1).x


def test_it_is_a_dataclass_to_the_library():
    assert dataclasses.is_dataclass(Point)
    assert dataclasses.replace(Point(1), x=2) == Point(2)
    assert repr(Named(1, name="a")) == "Named(x=1, y=(), name='a')"
    assert Point(3).double == 6
