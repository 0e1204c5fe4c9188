"""Examples for the help of every command, by the command's full name."""

from __future__ import annotations

from quotakeeper.cli.text.words import Words

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": ("quotakeeper", "quotakeeper run -- python your_program.py"),
    "today": ("quotakeeper today",),
    "run": (
        "quotakeeper run -- python your_program.py",
        "quotakeeper run --project phim-01 --on-limit wait -- python your_program.py",
    ),
    "pause": ('quotakeeper pause --provider gemini --for 2h --why "a runaway loop"',),
    "resume": ("quotakeeper resume --provider gemini",),
    "translate": ("quotakeeper translate phim/ --out out/ --wait",),
    "status": ("quotakeeper status --check",),
    "statusline": ("quotakeeper statusline --width 50",),
    "watch": ("quotakeeper watch --interval 5",),
    "report": (
        "quotakeeper report --by day,model --last 7d",
        "quotakeeper report --by scope.user --since 2026-11-01 --csv",
    ),
    "events": ("quotakeeper events --limit 50 --provider gemini",),
    "export": ("quotakeeper export --format csv --bom --out calls.csv --last 7d",),
    "metrics": (
        "quotakeeper metrics",
        "quotakeeper metrics --out /var/lib/prometheus/node-exporter/quotakeeper.prom",
    ),
    "verify": ("quotakeeper verify", "quotakeeper verify --all"),
    "backup": ("quotakeeper backup --out /mnt/backups",),
    "compact": ("quotakeeper compact --keep 90d --shrink",),
    "forget": ("quotakeeper forget --label user=an",),
    "ledger": ("quotakeeper ledger check",),
    "ledger check": ("quotakeeper ledger check --json",),
    "ledger accept": ('quotakeeper ledger accept --why "restored a backup"',),
    "ledger migrate": ("quotakeeper ledger migrate",),
    "ledger move": ("quotakeeper ledger move --from ledger.db",),
    "ledger unfreeze": ("quotakeeper ledger unfreeze",),
    "leases": ("quotakeeper leases",),
    "ledger init": ("quotakeeper ledger init --app counting --reader reports --sql",),
    "reconcile": ("quotakeeper reconcile deepgram --last 7d",),
    "limits": ("quotakeeper limits list",),
    "limits list": ("quotakeeper limits list --json",),
    "limits set": (
        'quotakeeper limits set "each user" --per user --meter cost --window day --amount 0.50',
    ),
    "limits raise": ('quotakeeper limits raise "each user" --to 2 --for 1d --why "a demo"',),
    "limits topup": ('quotakeeper limits topup "prepaid" 20 --expires 2027-01-01',),
    "limits preset": ("quotakeeper limits preset gemini-free --write",),
    "keys": ("quotakeeper keys list",),
    "keys create": ("quotakeeper keys create lan --project phim-01 --expires 2027-01-31",),
    "keys list": ("quotakeeper keys list --json",),
    "keys show": ("quotakeeper keys show lan",),
    "keys rotate": ("quotakeeper keys rotate lan --grace 2d",),
    "keys revoke": ('quotakeeper keys revoke lan --why "the laptop was stolen"',),
    "keys disable": ("quotakeeper keys disable lan",),
    "keys enable": ("quotakeeper keys enable lan",),
    "keys audit": ("quotakeeper keys audit --key lan",),
    "alerts": ("quotakeeper alerts test",),
    "alerts run": ("quotakeeper alerts run", "quotakeeper alerts run --follow"),
    "alerts test": ("quotakeeper alerts test --channel phone",),
    "alerts show": ("quotakeeper alerts show --last 2d",),
    "alerts simulate": ("quotakeeper alerts simulate --last 30d",),
    "limits remove": ('quotakeeper limits remove "each user"',),
    "prices": ("quotakeeper prices list",),
    "prices list": ("quotakeeper prices list --provider gemini",),
    "prices show": ("quotakeeper prices show gemini-2.5-flash",),
    "prices import": ("quotakeeper prices import genai-prices --provider openai",),
    "plan": ("quotakeeper plan phim/ --sort shortest",),
    "estimate": ("quotakeeper estimate folder phim/",),
    "estimate text": ("quotakeeper estimate text script.txt --model gemini-2.5-flash",),
    "estimate audio": ("quotakeeper estimate audio a.mp3 b.wav",),
    "estimate folder": ("quotakeeper estimate folder phim/",),
    "tokens": ("quotakeeper tokens accuracy texts/",),
    "tokens install": ("quotakeeper tokens install --from npm",),
    "tokens accuracy": ("quotakeeper tokens accuracy texts/",),
    "init": ("quotakeeper init --zone Asia/Ho_Chi_Minh --budget 5",),
    "doctor": ("quotakeeper doctor --keys",),
    "config": ("quotakeeper config show --origin",),
    "config show": ("quotakeeper config show --origin",),
    "completion": ("quotakeeper completion bash > ~/.local/share/bash-completion/completions/quotakeeper",),
    "dashboard": ("quotakeeper dashboard", "quotakeeper dashboard --port 0"),
    "serve": (
        "quotakeeper serve --key-file providers.toml",
        "quotakeeper serve --upstream gemini=http://127.0.0.1:8765",
    ),
    "sandbox": ("quotakeeper sandbox --port 8765 --fault 429@2",),
}  # fmt: skip


def example_lines(path: str, words: Words) -> list[str]:
    """Return the heading and the examples of a command; an empty list if the command has none."""
    found = EXAMPLES.get(path, ())
    if not found:
        return []
    heading = words.plural(len(found), "Example:", "Examples:")
    return [heading, *(f"  {line}" for line in found)]
