"""The access log as HAProxy writes it: as the built-in gateway's, with times to the second.

There is no `broken_off_by`, and `seconds` is -0.001 where HAProxy does not know.
"""

from __future__ import annotations

import base64
from typing import Final


def log_format(secret: bytes) -> str:
    """Return the format of a line; with the secret sticky keys get their units."""
    key = base64.b64encode(secret).decode()
    fields = {
        "time": '"%[date,utime(%Y-%m-%dT%H:%M:%S)]+00:00"',
        "request_id": '"%[var(txn.id)]"',
        "deployment": '"%[srv_name,field(1,:)]"',
        "method": '"%HM"',
        "path": '"%[var(txn.path),json(utf8s)]"',
        "status": "%ST",
        "seconds": "%Ta%[str(e-3)]",
        "retried": "%rc",
        "sticky": "%[var(txn.sticky)]",
        "unit": f'"%[var(txn.key),hmac(sha256,{key}),bytes(0,8),hex,lower]"',
    }
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


_AS_JSON: Final = {b':"-"': b':""', b'"sticky":-': b'"sticky":false', b'"retried":+': b'"retried":'}
"""What HAProxy says in its own way; texts have their quotation marks escaped, so none has these."""


def as_logged(line: bytes) -> bytes:
    """Return a line of HAProxy's as one of the access log; empty for what is about no request.

    >>> as_logged(b'{"deployment":"-","retried":+1,"sticky":-}')
    b'{"deployment":"","retried":1,"sticky":false}'
    >>> as_logged(b"Proxy public stopped")
    b''
    """
    if not line.startswith(b"{"):
        return b""
    for theirs, ours in _AS_JSON.items():
        line = line.replace(theirs, ours)
    return line
