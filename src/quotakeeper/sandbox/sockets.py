"""Runs one WebSocket of the sandbox: handshake, messages, faults, bill."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.sandbox import deepgram_live, gemini_live
from quotakeeper.sandbox.bill import Bill
from quotakeeper.sandbox.deepgram_live import DeepgramSession
from quotakeeper.sandbox.faults import CUTS, Fault, spoil
from quotakeeper.sandbox.gemini_live import GeminiSession
from quotakeeper.sandbox.live import SWITCHED, Answer, SandboxSession
from quotakeeper.sandbox.messages import Charge, Reply, SandboxRequest, SandboxTurn, json_reply
from quotakeeper.sandbox.websocket import Message, WebSocket, accept
from quotakeeper.value_classes import dataclass

_NO_TURN = SandboxTurn(0, 0)
_REFUSING = ("429", "429-day", "429-bare", "402", "500", "503")


@dataclass(frozen=True, slots=True)
class Opening:
    """The answer to the handshake of a WebSocket. If `session` is None, `reply` is sent as the
    refusal.

    If `closing` is set, the socket opens, and closes at once with this error.
    """

    reply: Reply
    session: SandboxSession | None = None
    closing: Answer | None = None
    turn: SandboxTurn = _NO_TURN


def is_live(request: SandboxRequest) -> bool:
    """Return whether the sandbox serves the path of a request as a WebSocket."""
    return request.path == deepgram_live.PATH or bool(gemini_live.PATH.fullmatch(request.path))


def open_socket(request: SandboxRequest, turn: SandboxTurn, fault: Fault | None) -> Opening:
    """Return the answer to the handshake of a WebSocket."""
    of_gemini = request.path != deepgram_live.PATH
    refused = gemini_live.refusal(request) if of_gemini else deepgram_live.refusal(request, turn)
    if refused is not None:
        return Opening(refused)
    protocol = "" if of_gemini else deepgram_live.protocol_of(request)
    headers = accept(request.headers, protocol=protocol)
    if headers is None:
        return Opening(json_reply(400, {"error": "not a WebSocket handshake"}))
    accepted = Reply(SWITCHED, (), headers)
    if fault is not None and fault.kind in _REFUSING:
        if of_gemini:
            return Opening(accepted, GeminiSession(), gemini_live.failing(fault.kind))
        model = request.option("model", "")
        charge = Charge("deepgram", deepgram_live.OPERATION, model, SWITCHED, {"requests": 1})
        return Opening(spoil(fault, request, turn, Reply(SWITCHED, (), headers, charge)))
    says_usage = fault is None or fault.kind != "no-usage"
    if of_gemini:
        return Opening(accepted, GeminiSession(says_usage=says_usage))
    return Opening(accepted, DeepgramSession(request, turn, says_usage=says_usage))


def converse(
    opening: Opening,
    socket: WebSocket,
    bill: Bill,
    fault: Fault | None,
    *,
    cut: Callable[[], None],
    noted: Callable[[Charge], Charge] = lambda charge: charge,
) -> None:
    """Run an open WebSocket until it closes, and add its charge to the bill.

    `cut` drops the connection without a close frame. `noted` completes the charge. If reading
    raises TimeoutError, the client sent no message within the idle time.
    """
    session = opening.session
    assert session is not None
    try:
        if opening.closing is not None:
            _say(socket, opening.closing)
        else:
            _converse(session, socket, fault, cut)
    except OSError:
        pass  # the connection is lost; the sent audio is still billed
    finally:
        bill.add(noted(session.charge()))


def _converse(
    session: SandboxSession, socket: WebSocket, fault: Fault | None, cut: Callable[[], None]
) -> None:
    kind = fault.kind if fault is not None else ""
    try:
        for message in socket.messages():
            if socket.is_closing:
                continue
            answer = session.take(message)
            if kind == "malformed" and answer.messages:
                answer = Answer((_half(answer.messages[0]), *answer.messages[1:]), answer.close)
                kind = ""
            _say(socket, answer)
            if kind in CUTS and any("setupComplete" not in str(m) for m in answer.messages):
                cut()
                return
    except TimeoutError:
        if not socket.is_closing:
            _say(socket, session.idle())


def _say(socket: WebSocket, answer: Answer) -> None:
    for message in answer.messages:
        socket.send(message)
    if answer.close is not None:
        socket.close(*answer.close)


def _half(message: Message) -> Message:
    return message[: len(message) // 2]
