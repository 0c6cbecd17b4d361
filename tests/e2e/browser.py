# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Headless Chromium, spoken to over a pipe (DevTools protocol), without a network."""
import base64
import json
import os
import select
import shutil
import subprocess
import time

import pump

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--remote-debugging-pipe"]


def why_none():
    if pump.PATIENCE > 1:
        return "a page is the same under every kernel, and a browser on an emulated processor slow"
    return None if shutil.which("chromium") else "chromium is not installed"


class Browser:
    """One page.

    What it fetches is in `requests`, what its console says in `console`, and how many requests its
    own Content-Security-Policy forbade in `blocked`.
    """

    def __init__(self, directory):
        their_in, self.out_fd = os.pipe()
        self.in_fd, their_out = os.pipe()
        keep = {3: their_in, 4: their_out}

        def before_exec():  # above 9 first, so that neither overwrites the other
            high = {fd: os.dup2(ours, fd + 100) for fd, ours in keep.items()}
            for fd, copy in high.items():
                os.dup2(copy, fd)

        self.process = subprocess.Popen(
            ["unshare", "--net", "chromium", *FLAGS, f"--user-data-dir={directory}/profile"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=before_exec, start_new_session=True,
            env={**os.environ, "HOME": str(directory)})
        os.close(their_in)
        os.close(their_out)
        self.serial, self.rest, self.session = 0, b"", None
        self.requests, self.console, self.events, self.blocked = [], [], [], 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(1400, 1000)

    def _read(self):
        deadline = time.monotonic() + pump.HANG_S
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.in_fd], [], [], left)[0], "it is silent"
            data = os.read(self.in_fd, 1 << 20)
            assert data, f"the browser ended: {self.process.poll()}"
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def _event(self, message):
        method, params = message.get("method"), message.get("params", {})
        self.events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.loadingFailed" and params.get("blockedReason") == "csp":
            self.blocked += 1
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(params)

    def call(self, method, **params):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out_fd, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.serial:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._event(answer)

    def open(self, path, fragment=""):
        """Until the page is loaded and drawn."""
        for url in ("about:blank", f"file://{path}{fragment}"):  # else a fragment alone is no load
            self.requests, self.console, self.events, self.blocked = [], [], [], 0
            self.call("Page.navigate", url=url)
            while "Page.loadEventFired" not in self.events:
                self._event(self._read())
        self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def run(self, expression):
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def texts(self, selector):
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})]"
                        ".map(e => e.textContent)")

    def click(self, selector):
        """With the mouse, in the middle of the first element found."""
        x, y = self.run(f"""(() => {{
            const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{ block: "center" }});
            const box = e.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code=0, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, text=text if kind == "keyDown" else "")

    def type(self, text):
        self.call("Input.insertText", text=text)

    def media(self, media="", scheme="light"):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def resize(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=False)

    def screenshot(self, path):
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        with open(path, "wb") as f:
            f.write(data)
        return data

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, 9)
            self.process.wait(10)
        os.close(self.in_fd)
        os.close(self.out_fd)
