"""FastAPI: each user has a budget, and a request that does not fit in it gets a 429.

Run it without keys: `python examples/fastapi_budget.py` plays Gemini with the sandbox, sends requests
to its own application and shows what each user has used. It needs `pip install fastapi httpx`.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.sandbox import Sandbox

MODEL = "gemini-3.5-flash-lite"
CONFIG = {
    "timezone": "UTC",
    "limit": [
        {"name": "each user", "per": "user", "meter": "requests", "window": "day", "amount": 2}
    ],
}


def used(reply: dict[str, Any]) -> dict[str, int]:
    """What Gemini says it counted."""
    told = reply["usageMetadata"]
    return {"input_tokens": told["promptTokenCount"], "output_tokens": told["candidatesTokenCount"]}


def application(keeper: Keeper, base_url: str, key: str) -> FastAPI:
    """An application whose calls are counted in a keeper, under the name of the user."""
    app = FastAPI()
    url = f"{base_url}/v1beta/models/{MODEL}:generateContent"

    async def labelled(x_user: Annotated[str, Header()]) -> AsyncIterator[None]:
        with keeper.tag(user=x_user):
            yield

    @keeper.metered(
        "gemini",
        model=MODEL,
        output_tokens=256,
        bound=lambda text: {"input_text": text},
        usage=used,
    )
    async def translate(text: str) -> dict[str, Any]:
        asked = {
            "contents": [{"parts": [{"text": text}]}],
            "generationConfig": {"maxOutputTokens": 256},
        }
        async with httpx.AsyncClient() as client:
            reply = await client.post(url, json=asked, headers={"x-goog-api-key": key})
        reply.raise_for_status()
        found: dict[str, Any] = reply.json()
        return found

    @app.post("/translate", dependencies=[Depends(labelled)])
    async def answer(text: str) -> dict[str, str]:
        reply = await translate(text)
        return {"text": reply["candidates"][0]["content"]["parts"][0]["text"]}

    @app.get("/usage")
    def usage() -> dict[str, str]:
        """What each user has cost, in US dollars."""
        return {row.key[0]: f"{row.cost_usd:.6f}" for row in keeper.usage(by=("scope.user",))}

    @app.exception_handler(LimitExceeded)
    async def refused(request: Request, error: LimitExceeded) -> JSONResponse:
        seconds = max(0, (error.resets_at or 0) - keeper.now()) // 1_000_000
        told = {"error": "your budget for today is used up", "limit": error.limit.name}
        return JSONResponse(told, status_code=429, headers={"Retry-After": str(seconds)})

    return app


def main() -> None:
    """Send a few requests of two users and show what became of them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox() as sandbox,
        Keeper(Path(folder, "ledger.db"), CONFIG) as keeper,
    ):
        client = TestClient(application(keeper, sandbox.gemini_url, "any"))
        for user in ("an", "an", "an", "binh"):
            reply = client.post("/translate?text=xin+chào", headers={"x-user": user})
            print(f"{user}: {reply.status_code} {reply.json()}")
        for user, cost in client.get("/usage").json().items():
            print(f"{user} has cost ${cost} (reported)")


if __name__ == "__main__":
    main()
