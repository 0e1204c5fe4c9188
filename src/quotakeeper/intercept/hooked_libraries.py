"""The libraries that are metered, and the hook of each. `quotakeeper run` reads the names at every start."""

from __future__ import annotations

_HOOKS = "quotakeeper.intercept.hooks."
# Name of the patched module: (the module of its hook, the hook's function).
HOOKS: dict[str, tuple[str, str]] = {
    "http.client": (_HOOKS + "http_client", "install"),
    "urllib3.connection": (_HOOKS + "http_client", "install_urllib3"),
    "urllib3._async.connection": (_HOOKS + "urllib3_future", "install_async"),
    "urllib3_future.connection": (_HOOKS + "urllib3_future", "install"),
    "urllib3_future._async.connection": (_HOOKS + "urllib3_future", "install_async"),
    "httpx": (_HOOKS + "httpx_client", "install"),
    "httpx2": (_HOOKS + "httpx_client", "install"),
    "httpx_ws._api": (_HOOKS + "httpx_websocket", "install"),
    "aiohttp": (_HOOKS + "aiohttp_client", "install"),
    "websockets.sync.client": (_HOOKS + "websockets_sync", "install"),
    "websockets.asyncio.client": (_HOOKS + "websockets_asyncio", "install_asyncio"),
    "websockets.legacy.client": (_HOOKS + "websockets_asyncio", "install_legacy"),
    "websocket._core": (_HOOKS + "websocket_client", "install"),
}
