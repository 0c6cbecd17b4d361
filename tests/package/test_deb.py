# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The Debian package: its files, its dependencies, and Debian's own checkers."""
import os
import re

from package import COMPLETION, MANUAL, NAME, PROGRAM, ROOT, output, the_file


def test_lintian():
    output("lintian", "--allow-root", "--fail-on", "error,warning", the_file("*.changes"))


def test_files(root):
    modes = {PROGRAM: 0o755, COMPLETION: 0o644, MANUAL: 0o644}
    for engine in ("clickhouse", "duckdb"):
        modes.update({f"usr/share/{NAME}/{engine}/{file}.sql": 0o644 for file in ("schema", "queries")})
    modes[f"usr/share/{NAME}/clickhouse/load"] = 0o755
    modes.update({f"usr/share/{NAME}/{file}": 0o644 for file in (f"prometheus/{NAME}.rules.yml", f"grafana/{NAME}.json")})
    for file in ("changelog.gz", "copyright"):
        modes[f"usr/share/doc/{NAME}/{file}"] = 0o644
    for path, mode in modes.items():
        status = os.stat(root / path)
        assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == (mode, 0, 0), path


def test_files_of_the_exporter():
    """What /etc has is the administrator's to change."""
    deb = the_file(f"{NAME}-exporter_*.deb")
    files = {line.split()[5]: line.split()[0] for line in output("dpkg-deb", "-c", deb).splitlines()}
    for path in ("lib/systemd/system/tcpstates-trace.service", "lib/systemd/system/tcpstates-trace.socket",
                 "etc/default/tcpstates-trace"):
        assert files[f"./{path}"] == "-rw-r--r--", path
    assert output("dpkg-deb", "-I", deb, "conffiles").split() == ["/etc/default/tcpstates-trace"]


def test_dependencies(root):
    """Depends has the package of each library that the program needs."""
    named = re.findall(r"NEEDED +(\S+)", output("objdump", "-p", str(root / PROGRAM)))
    paths = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", str(root / PROGRAM))))
    assert named
    packages = {output("dpkg", "-S", "*/" + os.path.basename(os.path.realpath(paths[name])))
                .partition(":")[0] for name in named}
    depends = output("dpkg-deb", "-f", the_file(f"{NAME}_*.deb"), "Depends")
    assert packages == set(re.findall(r"([a-z][\w.+-]*)(?: \([^)]*\))?(?:, |$)", depends.strip()))


def test_it_runs(root):
    with open(os.path.join(ROOT, "user/packaging/debian/changelog")) as f:
        version = re.search(r"\((\S+)\)", f.readline())[1]
    assert output(str(root / PROGRAM), "--version") == f"{NAME} {version}\n"
    golden = os.path.join(ROOT, "tests/golden/http-client")
    with open(golden + ".json") as f:
        assert output(str(root / PROGRAM), "-o", "json", "-r", golden + ".rec",
                      env={**os.environ, "TZ": "UTC"}) == f.read()


def test_manual(root):
    output("mandoc", "-Tlint", "-Wwarning", str(root / MANUAL))
    shown = output("mandoc", "-Tascii", str(root / MANUAL))
    help_text = output(str(root / PROGRAM), "--help")
    for option in re.findall(r"--[a-z][a-z-]+", help_text):
        assert option in re.sub(r".\x08", "", shown), f"the manual page lacks {option}"
