"""The pages: one file each."""

from typing import Final

from aiohttp import web

from llmops.viewing.pages import (
    compare,
    decide,
    endpoints,
    files,
    history,
    review,
    run,
    runs,
    sign_in,
)

_RUN: Final = "/runs/{experiment}/{run}"
_ENDPOINT: Final = "/endpoints/{environment}/{endpoint}"

ROUTES: Final = (
    web.get("/", runs.show),
    web.get("/history", history.show),
    web.get("/compare", compare.show),
    web.get("/endpoints", endpoints.show_all),
    web.get(_ENDPOINT, endpoints.show),
    web.get(f"{_ENDPOINT}/looks/{{look}}", endpoints.show_look),
    web.get("/reviewer", sign_in.reviewer),
    web.post("/sign-out", sign_in.leave),
    web.get(_RUN, run.show),
    web.get(f"{_RUN}/files/{{file}}", files.show),
    web.get(f"{_RUN}/sign-in", sign_in.show),
    web.post(f"{_RUN}/challenge", sign_in.challenge),
    web.post(f"{_RUN}/sign-in", sign_in.answer),
    web.get(f"{_RUN}/review", review.show),
    web.put(f"{_RUN}/review", review.keep),
    web.get(f"{_RUN}/decide", decide.show),
    web.post(f"{_RUN}/draft", decide.draft),
    web.post(f"{_RUN}/sign", decide.sign),
)
