"""A mail server on loopback that speaks SMTP with STARTTLS and AUTH, and keeps what it is sent."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ipaddress
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from threading import Thread
from typing import TYPE_CHECKING, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Generator
    from email.message import EmailMessage
    from pathlib import Path

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """`refusals` are replies to the first senders, in order; `logins` what AUTH PLAIN said."""

    certificate: Path
    refusals: list[bytes] = field(default_factory=list[bytes])
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list["EmailMessage"])
    logins: list[str] = field(default_factory=list[str])
    encrypted: list[bool] = field(default_factory=list[bool])

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = False
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line.split()[0].upper() if line.split() else b""
            reply = b"250 ok"
            if verb == b"EHLO":
                offers = b"250 AUTH PLAIN" if secure else b"250 STARTTLS"
                reply = b"250-here\r\n" + offers
            elif verb == b"STARTTLS":
                writer.write(b"220 go ahead\r\n")
                await writer.start_tls(self._context())
                secure = True
                continue
            elif verb == b"AUTH":
                self.logins.append(base64.b64decode(line.split()[2]).decode())
                reply = b"235 welcome"
            elif verb == b"MAIL" and self.refusals:
                reply = self.refusals.pop(0)
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await self._take(reader)
                self.encrypted.append(secure)
            elif verb == b"QUIT":
                break
            writer.write(reply + b"\r\n")
        writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        content = await reader.readuntil(b"\r\n.\r\n")
        self.mails.append(message_from_bytes(content[:-5], policy=policy.default))

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context


@contextmanager
def mail_server(folder: Path) -> Generator[MailServer]:
    """Serve on a thread until the block ends, with a certificate of its own in `folder`."""
    server = MailServer(_certificate(folder / "server.pem"))
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="mail-server")
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(server.talk, HOST, 0)

    async def stop() -> None:
        listening.close()
        await listening.wait_closed()

    listening = asyncio.run_coroutine_threadsafe(start(), loop).result()
    server.port = cast("int", listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _certificate(path: Path) -> Path:
    """Write a key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(pem))
    return path
