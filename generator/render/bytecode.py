"""Compiled templates, kept between runs: compiling takes longer than the rest of rendering."""

from __future__ import annotations

import jinja2
from jinja2.bccache import Bucket

from generator.cache import Cache

_KIND = "template"


class Compiled(jinja2.BytecodeCache):
    """Compiled templates in a cache. What is not whole, or not from there, is not run."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template's code from its entry, if there is one that is whole."""
        if code := self._cache.load(_KIND, bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        self._cache.store(_KIND, bucket.key, bucket.bytecode_to_string())
