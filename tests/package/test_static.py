# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The static program in a root without any other file: no library, no shell, no /etc."""
import os
import subprocess
import sys

import pytest

from package import ROOT, output

sys.path.insert(0, os.path.join(ROOT, "tests/vm"))

import pair  # noqa: E402

STATIC = os.path.join(ROOT, "build/static")


def test_needs_no_library():
    headers = output("readelf", "-lW", os.path.join(STATIC, "tcpstates-trace"))
    assert "DYNAMIC" in headers and "INTERP" not in headers  # static, but position-independent
    assert "NEEDED" not in output("readelf", "-dW", os.path.join(STATIC, "tcpstates-trace"))


@pytest.mark.parametrize("sudo", [False, True], ids=["root", "sudo"])
def test_in_an_empty_root(tmp_path, sudo):
    """Beside /proc and /sys there are only two programs."""
    for directory in ("proc", "sys"):
        (tmp_path / directory).mkdir()
    for program in ("tcpstates-trace", "pair"):
        output("cp", os.path.join(STATIC, program), str(tmp_path))
    tmp_path.chmod(0o777)
    script = ("ip link set lo up && mount --bind . . && cd $PWD && mount --bind /proc proc && "
              "mount --rbind /sys sys && chroot . /tcpstates-trace --features && "
              "exec chroot . /tcpstates-trace -o json --output-file chapters -w recording -- /pair")
    user = {"SUDO_UID": "65534", "SUDO_GID": "65534"} if sudo else {}
    done = subprocess.run(["unshare", "-mn", "sh", "-c", script], cwd=tmp_path, timeout=20,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env={**os.environ, **user})
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Tracing"), done.stderr  # without a word on missing files
    lines = done.stdout.splitlines() + (tmp_path / "chapters").read_text().splitlines()
    assert not pair.differences(lines)
    assert (tmp_path / "chapters").stat().st_uid == (65534 if sudo else 0)
    # the name of the locale says whether the terminal shows UTF-8: its files are not there
    for locale, ascii_only in (("de_DE.UTF-8", False), ("C.utf8", False), ("C", True), ("de_DE", True)):
        drawn = output("chroot", str(tmp_path), "/tcpstates-trace", "-r", "recording", "-o", "ladder",
                       env={**os.environ, "LC_ALL": locale})
        assert drawn and drawn.isascii() is ascii_only


def test_locale_with_files():
    """Every Debian has C.UTF-8."""
    words = output(os.path.join(STATIC, "tcpstates-trace"), "-r", os.path.join(ROOT, "tests/golden/http-client.rec"), "-o",
                   "ladder", env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert not words.isascii()


def test_no_tls():
    done = subprocess.run([os.path.join(STATIC, "tcpstates-trace"), "--metrics", ":9967", "--metrics-tls", "cert,key"],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=20)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and "this static program has no TLS" in done.stderr
