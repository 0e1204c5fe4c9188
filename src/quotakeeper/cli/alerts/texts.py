"""Puts an alert into words: what is used, what is left, in which unit, and when it resets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from quotakeeper.alerts.message import AlertMessage
from quotakeeper.alerts.payload import alert_payload, digest_payload
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.vietnamese_values import value_in_vietnamese
from quotakeeper.domain.alerts.alert import Alert, AlertRule, alert_id
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS
from quotakeeper.domain.windows import moment

_MOST_LINES = 30  # of a digest


def message_of(alert: Alert, zone: tzinfo, session: CommandContext) -> AlertMessage:
    """Return the message of an alert in the language of `session`. Times are in `zone`."""
    title = _title(alert, session)
    text = _text(alert, zone, session)
    return AlertMessage(alert.id, title, text, alert_payload(alert, title, text))


def message_of_all(alerts: Sequence[Alert], zone: tzinfo, session: CommandContext) -> AlertMessage:
    """Return the message of one alert, or the digest of several. A digest of the same alerts has the
    same id."""
    found = [message_of(each, zone, session) for each in alerts]
    if len(found) == 1:
        return found[0]
    text = "{n} alerts in the quiet hours"
    title = session.words(text, n=figures.whole(len(found), session.lang))
    lines = [f"{_time(alert.at, zone)}: {message.title}"
             for alert, message in zip(alerts, found, strict=True)]  # fmt: skip
    if len(lines) > _MOST_LINES:
        more = session.words("and {n} more", n=len(lines) - _MOST_LINES)
        lines = [*lines[:_MOST_LINES], more]
    text = "\n".join(lines)
    digest_id = alert_id("digest", AlertRule.DIGEST, *(each.id for each in alerts))
    documents = [each.payload for each in found]
    return AlertMessage(digest_id, title, text, digest_payload(digest_id, title, text, documents))


def _title(alert: Alert, session: CommandContext) -> str:
    words = session.words
    provider = alert.provider or words("all providers")
    match alert.rule:
        case AlertRule.THRESHOLD:
            percent = figures.percent(percent_of(alert.used, alert.amount), session.lang)
            if alert.blocks:
                text = "{limit}: {percent} used, further calls are refused"
                return words(text, limit=alert.limit, percent=percent)
            return words("{limit}: {percent} used", limit=alert.limit, percent=percent)
        case AlertRule.REFUSED:
            return words("{limit}: a call was refused", limit=alert.limit)
        case AlertRule.UNPRICED:
            name = f"{alert.provider} {alert.model}".rstrip()
            return words("{name}: a call has no price", name=name)
        case AlertRule.PAUSED:
            return words("calls to {provider} are paused", provider=provider)
        case AlertRule.RESUMED:
            return words("calls to {provider} are sent again", provider=provider)
        case _:
            return words("a test of quotakeeper")


def _text(alert: Alert, zone: tzinfo, session: CommandContext) -> str:
    words = session.words
    at = _time(alert.at, zone)
    match alert.rule:
        case AlertRule.THRESHOLD:
            parts = [_state(alert, session), _reset(alert, zone, session)]
        case AlertRule.REFUSED:
            parts = [_refusal(alert, session), *_held(alert, session), _reset(alert, zone, session),
                     words("Later refusals of this limit in the same period are not told.")]  # fmt: skip
        case AlertRule.UNPRICED:
            parts = [
                words("Its cost is unknown, so limits on cost do not count it."),
                words("Add a price to a price file; see: quotakeeper prices list"),
            ]
        case AlertRule.PAUSED:
            until = "" if alert.until is None else _time(alert.until, zone)
            parts = [
                words("By {by}: {why}", by=alert.by, why=alert.why),
                words("It ends at {until}.", until=until) if until
                else words("It ends with: quotakeeper resume"),
            ]  # fmt: skip
        case AlertRule.RESUMED:
            parts = [words("By {by}: {why}", by=alert.by, why=alert.why or "-")]
        case _:
            parts = [words("Alerts arrive here. An alert says what is used and what is left.")]
    return "\n".join([*parts, words("Time: {at}", at=at)])


def _state(alert: Alert, session: CommandContext) -> str:
    meter, lang = METERS[alert.meter], session.lang
    text = "Used: {used} of {amount}. Left: {left}."
    return session.words(
        text,
        used=figures.quantity(alert.used, meter, lang),
        amount=figures.with_unit(alert.amount, meter, lang),
        left=figures.with_unit(alert.left, meter, lang),
    )  # fmt: skip


def _refusal(alert: Alert, session: CommandContext) -> str:
    meter, lang = METERS[alert.meter], session.lang
    text = (
        "The call asked for {asked}. Left: {left}. Used: {used} of {amount}; reserved for running "
        "calls: {reserved}."
    )
    return session.words(
        text,
        asked=figures.with_unit(alert.asked, meter, lang),
        left=figures.with_unit(alert.left, meter, lang),
        used=figures.quantity(alert.used, meter, lang),
        amount=figures.with_unit(alert.amount, meter, lang),
        reserved=figures.with_unit(alert.reserved, meter, lang),
    )  # fmt: skip


def _held(alert: Alert, session: CommandContext) -> list[str]:
    if not alert.is_held:
        return []
    return [session.words("It may fit when running calls end.")]


def _reset(alert: Alert, zone: tzinfo, session: CommandContext) -> str:
    words = session.words
    if alert.window == "none":
        return words("It never resets: add credit with quotakeeper limits topup")
    if alert.resets_at is None:
        return words(
            "Use becomes less as it leaves the window ({window}).", window=_window(alert, session)
        )
    text = "It resets at {at}, {left} after this alert."
    left = figures.duration(max(0, alert.resets_at - alert.at), session.lang)
    if alert.rule is AlertRule.THRESHOLD and alert.mode == Mode.SOFT and alert.left == 0:
        text = "Calls go on: the limit only warns. It resets at {at}, {left} after this alert."
    return words(text, at=_time(alert.resets_at, zone), left=left)


def _window(alert: Alert, session: CommandContext) -> str:
    return value_in_vietnamese(alert.window) if session.lang == "vi" else alert.window


def _time(at: int, zone: tzinfo) -> str:
    """Return a local time with its offset, because a receiver may be in another zone."""
    there = moment(at, zone)
    offset = there.strftime("%z")
    return f"{there:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:5]})"
