# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A terminal: a program in a tmux of its own, the keys that are pressed there, and what its screen shows."""
import os
import re
import shutil
import signal
import subprocess
import tempfile

import pump


# tmux itself sometimes does not notice that a program has ended
SHELL = '"$@"; printf "\\nstatus %s\\n" $?; exec cat'


class Terminal:
    """Runs argv, or a script of sh with these arguments, from the constructor until close()."""

    def __init__(self, *argv, width=80, height=24, env=None, script=SHELL):
        self.directory = tempfile.mkdtemp(prefix="tmux-")  # short: the path of a socket has 107 bytes at most
        self.env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "TMUX_PANE", "NO_COLOR")}
        self.env.update(TMUX_TMPDIR=self.directory, TERM="screen", **(env or {}))
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height),
                  "sh", "-c", script, "sh", *map(str, argv))
        self.shell = int(self.ask("#{pane_pid}"))

    def tmux(self, *args):
        done = subprocess.run(["tmux", "-L", "test", "-f", "/dev/null", *args], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=pump.HANG_S)
        assert done.returncode == 0, f"tmux {args}: {done.stderr}"
        return done.stdout

    def ask(self, what):
        return self.tmux("display-message", "-p", what).strip()

    def press(self, *keys):
        """tmux's names of keys, or characters."""
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, *how):
        return self.tmux("capture-pane", "-p", *how)

    def wait_screen(self, shows, what):
        """The first screen for which shows(screen) is true."""
        seen = [""]

        def shown():
            seen[0] = self.screen()
            return shows(seen[0])

        pump.wait_until(shown, lambda: f"{what}; the screen is\n{seen[0]}")
        return seen[0]

    def wait_text(self, *texts):
        return self.wait_screen(lambda s: all(text in s for text in texts), f"a screen with {texts}")

    def child(self):
        """The pid of what the shell runs"""
        (pid,) = children(self.shell)
        return pid

    def wait_end(self):
        """The status of the program"""
        return int(re.search(r"^status (\d+)$", self.wait_text("\nstatus "), re.MULTILINE).group(1))

    def close(self):
        """Whatever still runs there is told by SIGHUP."""
        pids = [int(self.ask("#{pid}")), self.shell, *children(self.shell)]
        self.tmux("kill-server")
        try:
            pump.wait_until(lambda: not any(map(alive, pids)), f"the end of {pids} after their terminal's")
        except pump.Timeout:
            for pid in filter(alive, pids):
                os.kill(pid, signal.SIGKILL)
            raise
        shutil.rmtree(self.directory)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
