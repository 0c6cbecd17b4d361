# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
import pytest

import manifests  # noqa: F401 (it says where World is)
from world import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.clean()
