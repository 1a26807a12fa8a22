"""Our dataclasses and named tuples are the library's, but for the time that defining one takes."""

from __future__ import annotations

import dataclasses
import pickle
import typing
from functools import cached_property

import pytest

from generator.light import NamedTuple, dataclass


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


class Line(NamedTuple):
    """From here to there."""

    start: Point
    end: Point | None = None
    """Nowhere, if it has none."""
    names: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.end is None

    @classmethod
    def to(cls, x: int) -> Line:
        return cls(Point(0), Point(x))


class Theirs(typing.NamedTuple):
    """From here to there."""

    start: Point
    end: Point | None = None
    names: tuple[str, ...] = ()


def test_a_named_tuple_is_made_compared_and_printed_as_the_library_has_it():
    ours, theirs = Line(Point(1), names=("a",)), Theirs(Point(1), names=("a",))
    assert ours == theirs == (Point(1), None, ("a",))
    assert repr(ours) == repr(theirs).replace("Theirs", "Line")
    assert ours._replace(end=Point(2)) == theirs._replace(end=Point(2))
    for attribute in ("__doc__", "__mro__", "_fields", "_field_defaults"):
        of_theirs = getattr(Theirs, attribute)
        expected = (Line, *of_theirs[1:]) if attribute == "__mro__" else of_theirs
        assert getattr(Line, attribute) == expected, attribute


def test_a_named_tuple_has_what_its_class_adds():
    assert Line(Point(1)).is_open
    assert Line.to(3) == (Point(0), Point(3), ())


def test_a_named_tuple_stays_as_it_is_made():
    with pytest.raises(AttributeError):
        Line(Point(1)).end = Point(2)
    with pytest.raises(TypeError, match="start"):
        Line()


def test_a_named_tuple_comes_back_from_another_process():
    assert pickle.loads(pickle.dumps(Line.to(3))) == Line.to(3)
    assert (Line.__module__, Line.__qualname__) == (__name__, "Line")
