"""Every page as a parameter. All that is asked of one is asked in a row: workers that share the tests visit it once."""

from __future__ import annotations

import pytest

from tests.looks.pages import VIEWS

each_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name, scope="session")
