"""Makes the Grafana dashboards and the alert rules in deploy/, in English and Vietnamese.

Run it after a change: `python -m scripts.make_monitoring`. A test compares its results with the files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.monitoring.alerts import ALERTS, RECORDED, Alert
from scripts.monitoring.panels import ROWS, Panel, Row

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("en", "vi")
WIDTH, ROW_HEIGHT = 24, 8
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
_TITLES = {
    "en": "quotakeeper: cost, limits, health",
    "vi": "quotakeeper: chi phí, hạn mức, tình trạng",
}
_LABELS = {
    "en": {"provider": "Provider", "model": "Model", "source": "Data source"},
    "vi": {"provider": "Nhà cung cấp", "model": "Model", "source": "Nguồn dữ liệu"},
}


def dashboard(language: str) -> dict[str, Any]:
    """Return the dashboard in one language, in Grafana's classic form."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row in ROWS:
        panels.append(_row(row, language, len(panels) + 1, top))
        top += 1
        for number, panel in enumerate(row.panels):
            panels.append(_panel(panel, language, len(panels) + 1, _place(row, number, top)))
        top += ROW_HEIGHT * _lines(row)
    return {
        "__inputs": [{
            "name": "DS_PROMETHEUS", "label": "Prometheus", "description": "", "type": "datasource",
            "pluginId": "prometheus", "pluginName": "Prometheus",
        }],
        "__requires": [
            {"type": "grafana", "id": "grafana", "name": "Grafana", "version": "9.0.0"},
            {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
        ],
        "uid": f"quotakeeper-{language}", "title": _TITLES[language], "tags": ["quotakeeper"],
        "schemaVersion": 36, "version": 1, "editable": True, "graphTooltip": 1,
        "timezone": "browser", "refresh": "30s", "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": _variables(language)}, "panels": panels, "links": [],
    }  # fmt: skip


def rules(language: str) -> str:
    """Return the recording and alert rules as YAML, with texts in one language."""
    lines = [
        "# Made by scripts/make_monitoring.py. Prometheus and compatible systems read it (rule_files).",
        "groups:",
        "  - name: quotakeeper",
        "    rules:",
    ]
    for name, query in RECORDED:
        lines += [f"      - record: {name}", f"        expr: {_quoted(query)}"]
    for alert in ALERTS:
        lines += _alert_lines(alert, language)
    return "\n".join((*lines, ""))


def files() -> dict[Path, str]:
    """Return the text of every file."""
    found: dict[Path, str] = {}
    for language in LANGUAGES:
        end = "" if language == "en" else f".{language}"
        text = json.dumps(dashboard(language), ensure_ascii=False, indent=2) + "\n"
        found[ROOT / "deploy" / "grafana" / f"quotakeeper{end}.json"] = text
        found[ROOT / "deploy" / "prometheus" / f"quotakeeper{end}.rules.yml"] = rules(language)
    return found


def _variables(language: str) -> list[dict[str, Any]]:
    labels = _LABELS[language]
    found: list[dict[str, Any]] = [{
        "name": "DS_PROMETHEUS", "label": labels["source"], "type": "datasource",
        "query": "prometheus", "hide": 0,
    }]  # fmt: skip
    for name in ("provider", "model"):
        asked = f"label_values(quotakeeper_calls_total, {name})"
        found.append({
            "name": name, "label": labels[name], "type": "query", "datasource": SOURCE,
            "query": {"query": asked, "refId": name}, "definition": asked, "refresh": 2,
            "multi": True, "includeAll": True, "allValue": ".*", "sort": 1,
            "current": {"text": "All", "value": "$__all"},
        })  # fmt: skip
    return found


def _row(row: Row, language: str, number: int, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": row.title[language], "collapsed": False,
            "gridPos": place, "panels": []}  # fmt: skip


def _lines(row: Row) -> int:
    return -(-sum(each.width for each in row.panels) // WIDTH)


def _place(row: Row, number: int, top: int) -> dict[str, int]:
    before = sum(each.width for each in row.panels[:number])
    return {"x": before % WIDTH, "y": top + before // WIDTH * ROW_HEIGHT,
            "w": row.panels[number].width, "h": ROW_HEIGHT}  # fmt: skip


def _panel(panel: Panel, language: str, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.steps:
        steps = [{"color": colour, "value": value} for value, colour in panel.steps]
        defaults |= {"thresholds": {"mode": "absolute", "steps": steps}, "min": 0}
    made: dict[str, Any] = {
        "id": number, "type": panel.kind, "title": panel.title[language],
        "description": panel.about[language], "datasource": SOURCE, "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + each), "datasource": SOURCE, "expr": query,
             "legendFormat": legend, "instant": panel.kind in ("table", "bargauge"),
             "range": panel.kind not in ("table", "bargauge"),
             "format": "table" if panel.kind == "table" else "time_series"}
            for each, (query, legend) in enumerate(panel.queries)
        ],
    }  # fmt: skip
    if panel.kind != "table" and panel.kind != "timeseries":
        made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal"}
    return made


def _alert_lines(alert: Alert, language: str) -> list[str]:
    return [
        f"      - alert: {alert.name}",
        f"        expr: {_quoted(alert.query)}",
        f"        for: {alert.lasts}",
        f"        labels: {{severity: {alert.severity}}}",
        "        annotations:",
        f"          summary: {_quoted(alert.summary[language])}",
        f"          description: {_quoted(alert.description[language])}",
    ]


def _quoted(text: str) -> str:
    """Return a text as a scalar of YAML: a JSON string is one."""
    return json.dumps(text, ensure_ascii=False)


def main(arguments: Sequence[str] = ()) -> int:
    """Write all files."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
