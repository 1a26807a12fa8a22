"""Generated files compared: what their own text says of the groups in them."""

from __future__ import annotations

import pytest
from samples import rendered, variant

from generator.compare import replaced

MARKER = "# A change to the next 1 lines replaces the security group manager."


@pytest.mark.parametrize("format_", ["cloudformation", "terraform"])
def test_a_tag_that_looks_like_a_marker_neither_hides_a_deletion_nor_invents_one(format_):
    def files(*roles, **tags):
        return rendered(variant(groups=roles, tags=tags), format_)

    def told(old, new):
        return [role for name in old for role in replaced(old[name], new[name])]

    tagged = files("manager", "ha-mediator", A=MARKER)
    assert told(tagged, files("ha-mediator", A=MARKER)) == ["manager"]
    assert told(tagged, files("manager", "ha-mediator", A=MARKER, B="b")) == []
    assert told(tagged, files("manager", "ha-mediator")) == []
