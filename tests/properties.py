"""How many examples a property test tries.

``make test`` derives its examples from the tests themselves: every run tries the same. ``make
explore`` draws new ones, and twenty times as many.
"""

from __future__ import annotations

from hypothesis import settings

PROFILE = "test"
"""What pytest runs unless it is told ``--hypothesis-profile=explore``."""

_USUAL = 100
"""Examples of a test that states no number (the default of Hypothesis)."""

# No deadline: a busy machine is no failure.
settings.register_profile(
    PROFILE, derandomize=True, deadline=None, database=None, max_examples=_USUAL
)
settings.register_profile("explore", deadline=None, max_examples=20 * _USUAL, print_blob=True)


def examples(count: int, **options: object) -> settings:
    """The settings of a test whose examples are cheaper or dearer than usual."""
    profile = settings.get_profile(settings.get_current_profile_name())
    return settings(profile, max_examples=count * profile.max_examples // _USUAL, **options)  # type: ignore[arg-type]
