"""The limits of a gateway: times and sizes. And what it needs to know of its surroundings."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.value_classes import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The limits of one gateway. Times are in seconds, sizes in bytes.

    - `connect_seconds`: to connect to a provider.
    - `answer_seconds`: the longest silence of a provider. A model may think for minutes.
    - `total_seconds`: the longest life of a call.
    - `drain_seconds`: how long calls may go on after the gateway was told to stop.
    - `gone_seconds`: how long an answer is read on after its client has gone, if the key wants this.
    - `upload_seconds`: the longest life of an upload's address.
    - `key_seconds`: how often the key of an open call is looked up again.
    - `most_body_bytes`: the largest body that is read before it is sent.
    - `most_held_bytes`: all such bodies together.
    - `head_bytes`: how much of an audio file is read to find its length.
    - `ping_seconds`, `most_message_bytes`: of WebSockets to providers.
    - `scheme`: that of the gateway's own address.
    - `public_url`: where clients reach it through a server in front; "": by their Host header.
    - `shared_folder`: what it shares with other workers beside the ledger; None without workers.
    """

    connect_seconds: float = 10.0
    answer_seconds: float = 600.0
    total_seconds: float = 3_600.0
    drain_seconds: float = 30.0
    gone_seconds: float = 30.0
    upload_seconds: float = 86_400.0
    key_seconds: float = 0.9  # with a key that is up to 4 s old, a revoked key ends within 5 s
    most_body_bytes: int = 32 * _MIB
    most_held_bytes: int = 512 * _MIB
    head_bytes: int = 256 * 1024
    ping_seconds: float = 20.0
    most_message_bytes: int = 16 * _MIB
    scheme: str = "http"
    public_url: str = ""
    shared_folder: Path | None = None
