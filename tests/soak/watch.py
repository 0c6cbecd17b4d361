# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A tracer, read by threads so that it never has to wait."""
import fcntl
import json
import signal
import subprocess
import threading
import time

from truth import number_of

F_SETPIPE_SZ = 1031


class Watch:
    """chapters: {(number, role, type): chapter}; `odd` has duplicates and what cannot be."""

    def __init__(self, tracer, namespace, *options):
        self.options = options
        self.chapters, self.odd, self.summary = {}, [], None
        self.process = subprocess.Popen([tracer, "-o", "json", "--netns", str(namespace), *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True)
        fcntl.fcntl(self.process.stdout, F_SETPIPE_SZ, 1 << 20)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line.decode(errors="replace"))
            if line.startswith(b"Tracing"):
                break
        else:
            raise SystemExit(f"soak: the tracer does not start: {''.join(self.said)}")
        self.readers = [threading.Thread(target=f, daemon=True) for f in (self._read, self._hear)]
        for reader in self.readers:
            reader.start()

    def _hear(self):
        for line in self.process.stderr:
            self.said.append(line.decode(errors="replace"))

    def _read(self):
        for line in self.process.stdout:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as e:
                self.odd.append(f"{e!r}: {line[:300]!r}")

    def _take(self, chapter):
        if chapter["type"] == "summary":
            self.summary = chapter
            return
        # the number is in the server's address; without a role the server is known by its port
        server = chapter["role"] == "server" if chapter["role"] else \
            7000 <= chapter["local_port"] < 7100
        number = number_of(chapter["local" if server else "remote"])
        key = (number, "server" if server else "client", chapter["type"])
        if number is None:
            self.odd.append(f"not an address of the load: {chapter}")
        elif key in self.chapters:
            self.odd.append(f"reported twice: {self.chapters[key]} and {chapter}")
        else:
            self.chapters[key] = chapter

    def take_chapters(self, quiet=4, seconds=120):
        """The chapters of an epoch that is over, once none has come for `quiet` seconds."""
        end, seen, since = time.monotonic() + seconds, -1, time.monotonic()
        while time.monotonic() < min(end, since + quiet):
            if len(self.chapters) != seen:
                seen, since = len(self.chapters), time.monotonic()
            time.sleep(0.1)
        taken, self.chapters = self.chapters, {}
        return taken

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.odd.append("SIGINT does not end it")
        for reader in self.readers:
            reader.join(120)
            if reader.is_alive():
                self.odd.append("its output does not end")
        if self.process.returncode:
            self.odd.append(f"exit status {self.process.returncode}: {''.join(self.said)[-500:]}")
        if not self.summary:
            self.odd.append("no summary")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
