#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""pair.py FILE: compares what the program pair did with what the tracer reported.

FILE is the console output of the program first: the output of --features, the JSON lines of pair and of the
tracer (which have a `type`), and the tracer's status.  Prints each difference; without one the status is 0.
"""
import json
import re
import sys

STATES = {
    ("handshake", "client", "established"): "CLOSE SYN_SENT ESTABLISHED ESTABLISHED",
    ("handshake", "server", "established"): "LISTEN NEW_SYN_RECV NEW_SYN_RECV ESTABLISHED",
    ("handshake", "client", "refused"): "CLOSE SYN_SENT CLOSE",
    ("close", "client", "established"): "ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT TIME_WAIT",
    ("close", "server", "established"): "ESTABLISHED CLOSE_WAIT CLOSE_WAIT LAST_ACK CLOSE",
}


def states(chapter):
    steps = chapter["steps"]
    return " ".join([steps[0]["from"], *(s["to"] for s in steps)])


def check_end(did, chapters, unknown):
    """Differences of one end of a connection.  Fields that this kernel does not offer may be null."""
    who = f"{did['role']} {did['comm']} {did['outcome']}"
    types = [c["type"] for c in chapters]
    if types != (["handshake", "close"] if did["outcome"] == "established" else ["handshake"]):
        return [f"{who}: reported as {types}"]
    found = []
    for chapter in chapters:
        where = f"{who}: {chapter['type']}"
        for field, value in did.items():
            if chapter.get(field, value) != value and not (chapter[field] is None and field in unknown):
                found.append(f"{where}: {field} is {chapter[field]!r}, was {value!r}")
        for field, value in did.get("at_least", {}).items():
            if field in chapter and not (chapter[field] or 0) >= value:
                found.append(f"{where}: {field} is {chapter[field]!r}, was at least {value}")
        wanted = STATES[chapter["type"], did["role"], did["outcome"]]
        if states(chapter) != wanted:
            found.append(f"{where}: {states(chapter)}, not {wanted}")
        if not chapter["complete"]:
            found.append(f"{where}: incomplete: {chapter['missing']}")
    return found


def differences(lines):
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    chapters = [o for o in objects if o.get("type") in ("handshake", "close")]
    did = [o for o in objects if "type" not in o]
    if len(did) != 3:
        return [f"pair did {len(did)} of 3 things", *lines[-20:]]
    # from --features: `FEATURE: none; null: FIELDS; why: REASONS`
    unknown = {word for line in lines for fields in re.findall("^[a-z]+: none; null: ([^;]*)", line)
               for word in re.findall(r"\w+", fields)}
    found = []
    for one in did:
        mine = [c for c in chapters
                if all(c[f] == one[f] for f in ("role", "pid", "remote_port"))]
        found += check_end(one, mine, unknown)
    # the other end of the connect() that is refused has no process, so that it is not the command's
    if len(chapters) != 5:
        found.append(f"{len(chapters)} chapters reported, not 5")
    return found


def main():
    with open(sys.argv[1], errors="replace") as f:
        lines = [line.rstrip("\r\n") for line in f]
    found = differences(lines) + ([] if "status 0" in lines else ["the tracer's status was not 0"])
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
