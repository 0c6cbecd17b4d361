# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Certificates for TLS, made by openssl(1)."""
import os
import ssl
import warnings

from netns import run


class Authority:
    """Signs certificates; `ca` is the file of its own."""

    def __init__(self, directory, name="ca"):
        self.directory, self.name = str(directory), name
        self.ca, self._key = self._file("pem"), self._file("key")
        self.issued = 0
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.ca)

    def _file(self, extension):
        return os.path.join(self.directory, f"{self.name}.{extension}")

    def issue(self, name, usage="serverAuth"):
        """(certificate, key): files named so, put in the place of older ones"""
        cert, key, request = (os.path.join(self.directory, f"{name}.{e}") for e in ("pem", "key", "csr"))
        self.issued += 1
        extensions = f"{request}.ext"
        with open(extensions, "w", encoding="ascii") as f:
            f.write(f"subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{key}.new", "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key, "-days", "1", "-set_serial",
            str(self.issued), "-extfile", extensions, "-out", f"{cert}.new")
        os.rename(f"{cert}.new", cert)
        os.rename(f"{key}.new", key)
        return cert, key


def client(ca, own=None, most=None):
    """A function that wraps a client's socket: it trusts `ca`, and shows its own (certificate, key)."""
    context = ssl.create_default_context(cafile=ca)
    if own:
        context.load_cert_chain(*own)
    if most:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it is what is tested
            context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, most
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return lambda s: context.wrap_socket(s, server_hostname="127.0.0.1")
