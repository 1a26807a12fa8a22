"""Random examples: few for each property by default, many in a run that includes slow tests."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

FEW = 3
MANY = 100
COMMON = {
    "deadline": None,
    "derandomize": True,  # a change is judged by what it changed
    "database": None,
}


def choose(few: bool) -> None:
    """Decide for the run, before the tests are imported."""
    settings.register_profile("cvo-sg", max_examples=FEW if few else MANY, **COMMON)
    settings.load_profile("cvo-sg")


def draws(number: int) -> settings:
    """Settings for a property that takes so many examples where there are to be many."""
    are_few = settings.default.max_examples == FEW
    return settings(
        max_examples=FEW if are_few else number,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )
