"""The API server: what is asked of it, through the official client's configuration and pool."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from urllib3 import Retry
from urllib3.exceptions import HTTPError

from llmops.concurrency import Threads
from llmops.domain.deployment import Reply
from llmops.targets.kubernetes.naming import MANAGER
from llmops.targets.kubernetes.objects import DEPLOYMENT, POD, SERVICE, kind_of, name_of, title
from llmops.targets.kubernetes.refusals import is_status, refusal, unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubernetes.client import ApiClient, Configuration
    from urllib3 import BaseHTTPResponse

    from llmops.targets.kubernetes.objects import Kind, Object

_APPLY: Final = "application/apply-patch+yaml"
_MERGE: Final = "application/merge-patch+json"
_JSON: Final = "application/json"
_SECONDS: Final = 30.0
_AGAIN: Final = Retry(
    total=4,
    connect=2,
    read=1,
    allowed_methods=frozenset({"GET", "DELETE", "PATCH"}),  # all that we send so can be repeated
    status_forcelist=frozenset({429, 502, 503, 504}),
    backoff_factor=0.2,
    raise_on_status=False,
)
_LOG_LINES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    content_type: str = _JSON
    seconds: float = _SECONDS
    retries: Retry | bool = False


class Api:
    """One namespace; every method raises TargetError when it is refused or not answered."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        """Send nothing yet."""
        self._client = client
        self._configuration = cast("Configuration", client.configuration)
        self._namespace = namespace
        self._threads = Threads(2)

    def close(self) -> None:
        """Let go of the connections."""
        self._threads.close()
        self._client.close()

    async def get(self, kind: Kind, name: str) -> Object | None:
        """Return an object; None when there is none."""
        path = kind.path(self._namespace, name)
        status, content = await self._ask(_Request(method="GET", path=path, retries=_AGAIN))
        return None if status == 404 else self._read(f"{kind.name} {name}", status, content)

    async def list(self, kind: Kind, labels: str = "", fields: str = "") -> list[Object]:
        """Return the objects that the selectors fit, by name."""
        stated = {"labelSelector": labels, "fieldSelector": fields}
        query = {key: value for key, value in stated.items() if value}
        path = kind.path(self._namespace)
        request = _Request(method="GET", path=path, query=query, retries=_AGAIN)
        status, content = await self._ask(request)
        found = cast("list[Object]", self._read(kind.plural, status, content)["items"])
        # What is listed does not say its kind.
        return sorted(({"kind": kind.name, **each} for each in found), key=name_of)

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, manager: str = MANAGER
    ) -> Object:
        """Have an object's fields as stated, and return the object; never what others have set."""
        query = {"fieldManager": manager, "force": "false", "fieldValidation": "Strict"}
        request = _Request(
            method="PATCH",
            path=kind_of(manifest).path(self._namespace, name_of(manifest)),
            query={**query, "dryRun": "All"} if dry_run else query,
            body=json.dumps(manifest).encode(),
            content_type=_APPLY,
            retries=_AGAIN,
        )
        return self._read(title(manifest), *await self._ask(request))

    async def scale(self, name: str, replicas: int) -> None:
        """Set the number of a Deployment's instances, whoever has set it before."""
        request = _Request(
            method="PATCH",
            path=f"{DEPLOYMENT.path(self._namespace, name)}/scale",
            query={"fieldManager": MANAGER},
            body=json.dumps({"spec": {"replicas": replicas}}).encode(),
            content_type=_MERGE,
            retries=_AGAIN,
        )
        self._read(f"{DEPLOYMENT.name} {name}", *await self._ask(request))

    async def delete(self, kind: Kind, name: str) -> None:
        """Delete an object, a Deployment once its instances have ended; nothing without one."""
        path = kind.path(self._namespace, name)
        query = {"propagationPolicy": "Foreground"} if kind is DEPLOYMENT else {}
        request = _Request(method="DELETE", path=path, query=query, retries=_AGAIN)
        status, content = await self._ask(request)
        if status != 404:
            self._read(f"{kind.name} {name}", status, content)

    async def await_change(self, kind: Kind, thing: Object, seconds: float) -> None:
        """Return when an object is no longer as it was read, or after this long."""
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={name_of(thing)}",
            "resourceVersion": thing["metadata"]["resourceVersion"],
            "timeoutSeconds": str(max(1, round(seconds))),
        }
        request = _Request(
            method="GET",
            path=kind.path(self._namespace),
            query=query,
            seconds=seconds + _SECONDS,
        )
        await self._threads.run(lambda: self._first_event(f"{kind.name} {name_of(thing)}", request))

    async def log(self, pod: str, *, previous: bool) -> str:
        """Return the last lines that an instance wrote, or the one before it in its place."""
        query = {"tailLines": str(_LOG_LINES), "previous": str(previous).lower()}
        path = f"{POD.path(self._namespace, pod)}/log"
        request = _Request(method="GET", path=path, query=query, retries=_AGAIN)
        status, content = await self._ask(request)
        return content.decode("utf-8", "replace").strip() if status == 200 else ""

    async def post(self, service: str, path: str, body: bytes, seconds: float) -> Reply:
        """Return what a Service answers, asked by way of the API server; it is asked once."""
        proxy = f"{SERVICE.path(self._namespace, f'http:{service}:http')}/proxy{path}"
        status, content = await self._ask(
            _Request(method="POST", path=proxy, body=body, seconds=seconds)
        )
        if status >= 400 and is_status(content):  # the API server's own answer
            self._read(f"{SERVICE.name} {service}", status, content)
        return Reply(status=status, content=content)

    async def _ask(self, request: _Request) -> tuple[int, bytes]:
        def send() -> tuple[int, bytes]:
            response = self._send(request)
            return response.status, response.data

        try:
            return await self._threads.run(send)
        except HTTPError as error:
            raise unreachable(self._configuration.host, error) from error

    def _send(self, request: _Request, *, preload: bool = True) -> BaseHTTPResponse:
        settings = cast("Mapping[str, Mapping[str, Any]]", self._configuration.auth_settings())
        query = f"?{urlencode(request.query)}" if request.query else ""
        return self._client.rest_client.pool_manager.request(
            request.method,
            f"{self._configuration.host}{request.path}{query}",
            body=request.body,
            headers={
                "Accept": _JSON,
                "Content-Type": request.content_type,
                "User-Agent": MANAGER,
                **{str(each["key"]): str(each["value"]) for each in settings.values()},
            },
            timeout=request.seconds,
            retries=request.retries,
            preload_content=preload,
        )

    def _first_event(self, where: str, request: _Request) -> None:
        try:
            response = self._send(request, preload=False)
            try:
                if response.status == 200:
                    next(iter(cast("Iterable[bytes]", response)), None)
                elif response.status != 410:  # the version is too old: it has changed
                    self._read(where, response.status, response.data)
            finally:
                response.close()
        except HTTPError as error:
            raise unreachable(self._configuration.host, error) from error

    def _read(self, where: str, status: int, content: bytes) -> Object:
        if not 200 <= status < 300:
            raise refusal(where, self._namespace, status, content)
        return cast("Object", json.loads(content))
