# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
import pytest

import fleet  # noqa: F401  # it finds the modules of tests/e2e
from world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.clean()
