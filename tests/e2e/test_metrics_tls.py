# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The metrics over HTTPS: who is let in, and certificates that are renewed under a running trace."""
import os
import ssl
import tempfile

import pytest

import pump
from certificates import Authority, client
from lent import NOBODY, SUDO
from scraper import PORT, connect, scrape, time_until_closed
from tracer import Tracer


@pytest.fixture
def directory():
    """Which all users can reach"""
    with tempfile.TemporaryDirectory(prefix="tst-") as path:
        os.chmod(path, 0o755)
        yield path


@pytest.fixture
def authority(directory):
    return Authority(directory)


class Served:
    def __init__(self, world, files, **env):
        self.ns = world.netns()
        self.tracer = Tracer("--metrics", f":{PORT}", "--metrics-tls", ",".join(files), netns=self.ns, output=None,
                             argv0=self.ns.argv(), env={**os.environ, **env})

    def scrape(self, wrap):
        """The status, or how TLS fails"""
        def ask():
            try:
                return scrape(wrap=wrap).status
            except ssl.SSLError as error:
                return error.reason
        return self.ns.call(ask)

    def serial(self, ca):
        """Of the certificate that the server shows"""
        def look():
            with client(ca)(connect()) as s:
                return int(s.getpeercert()["serialNumber"], 16)
        return self.ns.call(look)


def test_https(world, authority):
    served = Served(world, authority.issue("server"))
    assert served.scrape(client(authority.ca)) == 200
    assert served.scrape(client(authority.ca, most=ssl.TLSVersion.TLSv1_2)) == 200
    assert served.scrape(client(authority.ca, most=ssl.TLSVersion.TLSv1_1)) != 200
    assert served.scrape(lambda s: s) == 0  # not by HTTP
    assert served.scrape(client(Authority(authority.directory, "other").ca)) == "CERTIFICATE_VERIFY_FAILED"
    assert served.scrape(client(authority.ca)) == 200
    served.tracer.stop()


def test_a_stalled_handshake(world, authority):
    """It is ended when it is 5 s old, and costs next to nothing until then."""
    served = Served(world, authority.issue("server"))

    def cpu_s():
        with open(f"/proc/{served.tracer.pid}/stat", encoding="ascii") as f:
            return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def stall():
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = ssl.create_default_context(cafile=authority.ca).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        return time_until_closed(outgoing.read())

    before = cpu_s()
    assert served.ns.call(stall) >= 4.9
    assert cpu_s() - before < 1
    assert served.scrape(client(authority.ca)) == 200


def test_client_certificates(world, authority):
    """Only who has one of the authority is let in, and only one for clients."""
    other = Authority(authority.directory, "other")
    served = Served(world, (*authority.issue("server"), authority.ca))
    ours, theirs = authority.issue("ours", "clientAuth"), other.issue("theirs", "clientAuth")
    servers = authority.issue("peer", "serverAuth")
    assert served.scrape(client(authority.ca, ours)) == 200
    assert served.scrape(client(authority.ca, ours, most=ssl.TLSVersion.TLSv1_2)) == 200
    for own in (None, theirs, servers):
        assert served.scrape(client(authority.ca, own)) != 200
        assert served.scrape(client(authority.ca, own, most=ssl.TLSVersion.TLSv1_2)) != 200
    assert served.scrape(client(authority.ca, ours)) == 200
    served.tracer.stop()


@pytest.mark.parametrize("env,uid", [({}, 0), (SUDO, NOBODY)], ids=["root", "sudo"])
def test_renewed(world, authority, env, uid):
    """Without a restart and without capabilities; one that is not usable is told, and the last good one stays."""
    def issue():
        files = authority.issue("server")
        for name in files:
            os.chown(name, uid, uid)
        return files

    cert, key = issue()
    served = Served(world, (cert, key), **env)
    assert served.serial(authority.ca) == 1
    issue()
    pump.wait_until(lambda: served.serial(authority.ca) == 2, "the new certificate")
    # the key of another
    os.rename(key, f"{key}.good")
    os.rename(authority.issue("other")[1], key)
    os.chown(key, uid, uid)
    pump.wait_until(lambda: served.serial(authority.ca) == 2 and "--metrics-tls" in served.tracer.stderr.text(), "a word")
    issue()
    pump.wait_until(lambda: served.serial(authority.ca) == 4, "the newest certificate")
    served.tracer.stop()


def test_files_that_are_not_usable(world, authority):
    """Each is named, at the start."""
    cert, key = authority.issue("server")
    _, other = authority.issue("other")
    ns = world.netns()

    def said(*files, **env):
        tracer = Tracer("--metrics", f":{PORT}", "--metrics-tls", ",".join(files), netns=ns, output=None,
                        argv0=ns.argv(), env={**os.environ, **env}, ready=False)
        assert tracer.wait() == 1
        return tracer.stderr.text()

    assert "/none: No such file or directory" in said(cert, "/none")
    assert f"{cert},{other}: " in said(cert, other)
    assert f"{key},{key}: " in said(key, key)
    assert f"{key}: no certificate in it" in said(cert, key, key)
    assert "/dev/null: " in said("/dev/null", key)
    os.chmod(key, 0o600)
    text = said(cert, key, **SUDO)
    assert f"{key}: Permission denied (user {NOBODY} must be able to read it" in text
    os.chown(key, NOBODY, NOBODY)
    assert f"{key}: Permission denied (user 0 must be able to read it" in said(cert, key)
