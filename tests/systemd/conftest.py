# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
import os

import pytest

from guest import Guest


@pytest.fixture(scope="session")
def guest(tmp_path_factory):
    """One machine for all tests, which leave the service running as it is installed."""
    guest = Guest(os.environ["SYSTEMD_KERNEL"], os.environ["SYSTEMD_IMAGE"], tmp_path_factory.mktemp("vm") / "console")
    yield guest
    guest.close()
