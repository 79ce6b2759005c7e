"""The cast of the A cases for every test of overrides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from override_story import Story


@pytest.fixture
def story() -> Story:
    """Return a pull request on which nothing was said yet."""
    return Story()


@pytest.fixture
def new_story() -> Callable[..., Story]:
    """Return what makes a story with settings of its own."""
    return Story
