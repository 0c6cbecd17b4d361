# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
import pytest

from package import NAME, output, the_file


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The directory in which the package is unpacked."""
    path = tmp_path_factory.mktemp("root")
    output("dpkg-deb", "-x", the_file(f"{NAME}_*.deb"), str(path))
    return path
