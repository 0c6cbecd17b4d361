# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The completion for bash that the package installs, in a bash on a terminal."""
import os
import pty
import re
import subprocess

import pytest

from package import COMPLETION, PROGRAM, output


def offered(root, *words):
    """The completions of the last of these words."""
    script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              'complete -p tcpstates-trace >&2; '
              '_tcpstates_trace tcpstates-trace "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", str(root / COMPLETION),
                           "tcpstates-trace", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert done.stderr == "complete -F _tcpstates_trace tcpstates-trace\n"
    return done.stdout.split()


def typed(root, keys, directory):
    """The arguments that the command gets after these keys and Enter."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"],
                  {"PATH": f"{os.environ['PATH']}:{directory}", "TERM": "dumb", "HISTFILE": ""})
    lines = [f". {root / COMPLETION}",
             "tcpstates-trace() { printf '<%s>' got \"$@\" end; echo; }",
             f"tcpstates-trace {keys}", "exit"]
    os.write(terminal, "".join(line + "\r" for line in lines).encode())
    shown = b""
    try:
        while data := os.read(terminal, 4096):
            shown += data
    except OSError:
        pass  # read() of a terminal fails when no process has the other side open
    os.waitpid(pid, 0)
    os.close(terminal)
    got = re.findall(r"^<got>(.*)<end>", shown.decode().replace("\r", "\n"), re.M)
    assert len(got) == 1, shown.decode()
    return got[0].strip("<>").split("><")


def test_options(root):
    """All options of --help, and no others."""
    help_text = output(str(root / PROGRAM), "--help")
    listed = {name for line in help_text.splitlines()
              for name in re.findall(r"(?:^ +|, )(-\w|--[\w-]+)", line)
              if re.match(r"^ +-", line)}
    assert "--min-connect" in listed and "-p" in listed
    assert set(offered(root, "")) == listed | {"--"}
    assert offered(root, "-q", "--min-c") == ["--min-connect", "--min-close"]


def test_words(root):
    help_text = output(str(root / PROGRAM), "--help")
    formats = re.findall(r"^  (\w+)", help_text.partition("\nFormats:\n")[2].partition("\n\n")[0],
                         re.M)
    assert offered(root, "-o", "") == offered(root, "--output", "") == formats
    assert offered(root, "--role", "") == offered(root, "--role", "=") == ["client", "server"]
    assert offered(root, "--role", "=", "s") == ["server"]
    assert str(os.getpid()) in offered(root, "-p", "")
    assert offered(root, "--min-connect", "") == []


@pytest.mark.parametrize("keys,arguments", [
    ("-o js\t", ["-o", "json"]),
    ("--output=cs\t", ["--output=csv"]),
    ("--role s\t", ["--role", "server"]),
    ("--attach kp\t", ["--attach", "kprobe"]),
    ("--no-a\t", ["--no-accept"]),
    ("-r a\t", ["-r", "a trace"]),
    ("-w a\t", ["-w", "a trace"]),
    ("--read=a\t", ["--read=a trace"]),
    ("-q -- tst-c\t a\t", ["-q", "--", "tst-command", "a trace"]),
    ("--min-close a\t", ["--min-close", "a"]),
])
def test_keys(root, tmp_path, keys, arguments):
    (tmp_path / "a trace").touch()
    (tmp_path / "tst-command").touch(mode=0o755)
    assert typed(root, keys, tmp_path) == arguments
