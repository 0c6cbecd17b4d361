# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A second tracer, with selections, must report just those of the first's chapters that they select."""


def _ports(d):
    low = d.randrange(7000, 7004)
    high = d.randrange(low, 7004)
    return f"{low}-{high}", lambda port: low <= port <= high


def _local_port(d):
    text, within = _ports(d)
    return ["-L", text], lambda c: within(c["local_port"])


def _remote_port(d):
    text, within = _ports(d)
    return ["-D", text], lambda c: within(c["remote_port"])


def _either_port(d):
    text, within = _ports(d)
    return ["--port", text], lambda c: within(c["local_port"]) or within(c["remote_port"])


def _family(d):
    family = d.choice((4, 6))
    return [f"-{family}"], lambda c: c["family"] == family


def _role(d):
    role = d.choice(("client", "server"))
    return ["--role", role], lambda c: c["role"] == role


def _failed(_d):
    return ["--failed"], lambda c: (c["outcome"] != "established" if c["type"] == "handshake"
                                    else c["ending"] != "graceful")


def _comm(d):
    name = d.choice(("soak-client", "soak-server", "soak-slow"))
    return ["-c", name], lambda c: c["comm"] == name


def _remote(_d):
    return ["-d", "fd00:77::/32"], lambda c: c["remote"].startswith("fd00:77:")


def _threshold(option, type_, field):
    def make(d):
        ms = d.choice((1, 5, 20))

        def test(c):
            if c["type"] != type_ or c[field] is None:
                return False if c["type"] != type_ else None
            # two tracers read the clock at different times, and a lot may happen in between
            return None if ms <= c[field] / 1000 < ms + 50 else c[field] / 1000 >= ms
        return [option, str(ms)], test
    return make


MAKERS = (_local_port, _remote_port, _either_port, _family, _role, _failed, _comm, _remote,
          _threshold("--min-connect", "handshake", "handshake_us"),
          _threshold("--min-close", "close", "close_us"))


class Filter:
    """One or two random selections, combined by AND."""

    def __init__(self, dice):
        chosen = [maker(dice) for maker in dice.sample(MAKERS, dice.choice((1, 1, 2)))]
        options = [o for o, _ in chosen]
        if {"--min-connect", "--min-close"} <= {o[0] for o in options}:
            chosen = chosen[:1]  # together they do not combine by AND
        self.options = [word for o, _ in chosen for word in o]
        self.tests = [test for _, test in chosen]

    def wants(self, chapter):
        """True, False, or None: either is right."""
        answers = [test(chapter) for test in self.tests]
        return False if False in answers else None if None in answers else True

    def differences(self, everything, some, hidden):
        """(chapters reported wrongly, chapters not reported), as texts; the latter may be lost"""
        wrong, absent = [], []
        for key, chapter in everything.items():
            if key[0] in hidden or not chapter["complete"] or (key in some and not some[key]["complete"]):
                continue
            if key in some:
                # by its own values
                if self.wants(some[key]) is False:
                    wrong.append(f"reported by {self.options}: {some[key]}, and the first has {chapter}")
            elif self.wants(chapter):
                absent.append(f"not reported by {self.options}: {chapter}")
        return wrong, absent
