"""The certificate of a gateway that serves TLS itself."""

from __future__ import annotations

import os
import ssl

from quotakeeper.config.private_files import check_private
from quotakeeper.errors import ConfigError


class Certificate:
    """A certificate and its key in PEM files. `context` is for the server.

    Only the owner may use the file of the key. Raises ConfigError if a file cannot be used.
    """

    def __init__(self, file: str, key_file: str) -> None:
        self._file = file
        self._key_file = key_file
        self.context = self._loaded()

    def reload(self) -> None:
        """Read the files again, for new connections. Raises ConfigError; the old ones then stay."""
        self._loaded()  # a pair that does not fit must not reach the context in use
        self.context.load_cert_chain(self._file, self._key_file, password=_no_password)

    def _loaded(self) -> ssl.SSLContext:
        try:
            mode = os.stat(self._key_file).st_mode
        except OSError as error:
            raise _unreadable("--tls-key", self._key_file, error) from None
        check_private(self._key_file, mode)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self._file, self._key_file, password=_no_password)
        except ssl.SSLError as error:
            raise ConfigError(
                "--tls-cert",
                f"{self._file} and {self._key_file} are not a certificate and its key "
                f"({error.reason or 'no PEM'})",
                "name PEM files that belong together; the key has no password",
            ) from None
        except OSError as error:
            raise _unreadable("--tls-cert", self._file, error) from None
        return context


def _no_password() -> str:
    """Answer in place of a question at the terminal, so that a key with a password is refused."""
    return ""


def _unreadable(option: str, file: str, error: OSError) -> ConfigError:
    return ConfigError(
        option, f"{file} cannot be read: {error.strerror}", "name a file that you can read"
    )
