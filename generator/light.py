"""`dataclass(frozen=True)` and `NamedTuple`, but for how long it takes to define a class.

Of the library's, the first compiles six methods a class, and the other the annotation of each
field. Both together would be most of what importing the model takes. Here, the library makes the
first method of a dataclass, and the others are shared; annotations stay strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from typing import NamedTuple as NamedTuple
else:
    import dataclasses
    from collections import namedtuple
    from operator import attrgetter

    def dataclass(*, frozen):
        """A decorator. Of what the library's takes, there is only `frozen=True`."""
        assert frozen
        return _defined

    def _defined(cls):
        cls = dataclasses.dataclass(repr=False, eq=False)(cls)
        values = attrgetter(*cls.__match_args__)

        def __eq__(self, other):
            return values(self) == values(other) if type(other) is type(self) else NotImplemented

        def __hash__(self):
            return hash(values(self))

        for method in (__eq__, __hash__, __repr__, __setattr__, __delattr__):
            setattr(cls, method.__name__, method)
        return cls

    def __repr__(self):
        given = (f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({', '.join(given)})"

    def __setattr__(self, name, value):
        if name in self.__dict__ or name not in self.__match_args__:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = value

    def __delattr__(self, name):  # noqa: ARG001
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    class _Defining(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body["__annotations__"]
            defaults = [body[field] for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key in body.keys() - fields.keys():
                setattr(made, key, body[key])
            return made

    class NamedTuple(metaclass=_Defining):
        """The base of a class with fields. It cannot be generic."""
