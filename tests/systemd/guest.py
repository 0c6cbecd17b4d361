# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A virtual machine with systemd, and a shell in it, by a serial line."""
import base64
import os
import select
import subprocess
import time

TIMEOUT_S = 300  # of whatever is waited for; an emulated processor beside busy ones is slow
NO_UNITS = " ".join(f"systemd.mask={unit}" for unit in (
    "getty@tty1.service", "serial-getty@ttyS0.service", "systemd-timesyncd.service", "apt-daily.timer",
    "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer"))


class Guest:
    """Runs from the constructor, which waits for its shell, until close(); changes to `image` are not kept."""

    def __init__(self, kernel, image, log):
        self.log, self._rest = log, b""
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "2", "-m", "1024",
             "-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{log}", "-serial", "stdio",
             "-drive", f"file={image},format=raw,if=none,id=root,cache=unsafe,snapshot=on",
             "-device", "nvme,drive=root,serial=root", "-kernel", os.path.join(kernel, "vmlinuz"),
             "-append", "console=ttyS0 root=/dev/nvme0n1 rw panic=-1 mitigations=off systemd.show_status=no "
             f"systemd.firstboot=no {NO_UNITS}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        begun = time.monotonic()
        try:
            while self._line() != "ready":
                pass
        except BaseException:
            self.close()
            raise
        self.boot_s = time.monotonic() - begun

    def _line(self):
        end = time.monotonic() + TIMEOUT_S
        while b"\n" not in self._rest:
            readable, _, _ = select.select([self.process.stdout], [], [], max(end - time.monotonic(), 0))
            data = os.read(self.process.stdout.fileno(), 1 << 16) if readable else b""
            if not data:
                with open(self.log, errors="replace") as f:
                    raise AssertionError(f"the virtual machine is silent: {f.read()[-3000:]}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode().strip()

    def ask(self, script):
        """(status, output) of a shell script in the machine"""
        self.process.stdin.write(base64.b64encode(script.encode()) + b"\n")
        self.process.stdin.flush()
        status, _, output = self._line().partition(" ")
        return int(status), base64.b64decode(output).decode(errors="surrogateescape")

    def run(self, script):
        """The output of a script, which must succeed."""
        status, output = self.ask(script)
        assert status == 0, f"{script}: {status}: {output}"
        return output.rstrip("\n")

    def wait(self, script):
        """The output of a script, as soon as it succeeds."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            status, output = self.ask(script)
            if status == 0:
                return output.rstrip("\n")
            assert time.monotonic() < end, f"{script}: {status}: {output}"
            time.sleep(0.2)

    def show(self, unit, *properties):
        """{property: value}, as systemctl shows them"""
        text = self.run(f"systemctl show {unit} -p {','.join(properties)}")
        return dict(line.split("=", 1) for line in text.splitlines())

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
