"""The program under `run` is its own: streams, exit code, signals, environment, sitecustomize."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.cli import context
from quotakeeper.launch.launcher import INJECTED, Ended, Run, launch
from quotakeeper.launch.notes import Notes, UnmeteredChild, Unseen, read_notes
from tests.launch.conftest import Runner, posix

WAITING = (
    "import os, signal\n"
    "def told(number, frame):\n"  # perhaps in the middle of the print: it must not print itself
    "    os.write(1, (signal.Signals(number).name + '\\n').encode())\n"
    "    os._exit(7)\n"
    "for name in ('SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGQUIT'):\n"
    "    signal.signal(getattr(signal, name), told)\n"
    "print('ready', flush=True)\n"
    "while True: signal.pause()\n"
)


def python(code: str) -> tuple[str, str, str]:
    return (sys.executable, "-c", code)


def test_streams_and_exit_code_are_the_programs_own(runner: Runner) -> None:
    code = (
        "import sys; print(sys.stdin.read().upper(), end=''); print('e', file=sys.stderr); "
        "sys.exit(41)"
    )
    ran = runner("--summary", "off", "--", *python(code), input="xin chào")
    assert (ran.returncode, ran.stdout, ran.stderr) == (41, "XIN CHÀO", "e\n")


def test_the_summary_goes_to_stderr_and_makes_no_ledger(runner: Runner) -> None:
    ran = runner("--", *python("print(1)"))
    assert (ran.returncode, ran.stdout) == (0, "1\n")
    assert ran.stderr == "quotakeeper: no call to a known provider was seen\n"
    assert not runner.ledger.exists()
    ran = runner("--lang", "vi", *python("print(1)"))
    assert ran.stderr == "quotakeeper: không thấy lượt gọi nào tới nhà cung cấp đã biết\n"


def test_arguments_reach_the_program_as_they_are(runner: Runner) -> None:
    code = "import sys, json; print(json.dumps(sys.argv[1:]))"
    words = ["--lang", "xx", "--", "-h", "", "a b", "--json", "đ", "$HOME", "*"]
    assert json.loads(runner("--", *python(code), *words).stdout) == words
    assert json.loads(runner(*python(code), *words).stdout) == words


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGQUIT"])
def test_signals_are_sent_on(runner: Runner, name: str) -> None:
    process = runner.start("--", *python(WAITING))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (7, f"{name}\n")
    assert "Traceback" not in errors


@posix
def test_a_signal_is_sent_on_while_something_runs_beside_the_program(tmp_path: Path) -> None:
    driver = (
        "import os, sys, threading\n"
        "from pathlib import Path\n"
        "from quotakeeper.launch import launcher\n"
        "command = (sys.executable, '-c', sys.argv[1])\n"
        "run = launcher.Run(command, dict(os.environ), (), Path(sys.argv[2]))\n"
        "sys.exit(launcher.launch(run, threading.Event().wait).code)\n"
    )
    for _ in range(3):  # the system chooses the thread that gets a signal
        process = subprocess.Popen(
            [sys.executable, "-c", driver, WAITING, str(tmp_path / "notes")],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (7, "SIGTERM\n")


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGINT", "SIGABRT"])
def test_it_ends_by_the_signal_that_ended_the_program(runner: Runner, name: str) -> None:
    ran = runner("--", "sh", "-c", f"kill -{name.removeprefix('SIG')} $$")
    assert ran.returncode == -getattr(signal, name)
    assert ran.stderr.count("\n") == 1  # the summary comes all the same


@posix
def test_ctrl_c_reaches_the_program_once(runner: Runner) -> None:
    code = (
        "import os, signal, sys\n"
        "seen = []\n"
        "signal.signal(signal.SIGINT, lambda *_: (seen.append(1), os.write(1, b'INT')))\n"
        "print('ready', flush=True)\n"
        "line = sys.stdin.readline()\n"
        "print('count', len(seen), flush=True)\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(runner.folder)
        line = runner.line("--", *python(code))
        os.execve(line[0], line, runner.environment())
    heard = b""

    def until(word: bytes) -> None:
        nonlocal heard
        while word not in heard:
            heard += os.read(terminal, 1024)

    try:
        until(b"ready")
        os.write(terminal, b"\x03")
        until(b"INT")
        os.write(terminal, b"go\n")
        until(b"count")
        until(b"seen")
        assert b"count 1" in heard
    finally:
        _, status = os.waitpid(child, 0)
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0


@posix
def test_what_our_python_ignores_is_not_ignored_by_the_program(runner: Runner) -> None:
    # A pipe whose reader has enough ends `yes`; Python ignores SIGPIPE for itself.
    ran = runner("--summary", "off", "--", "sh", "-c", "yes | head -n 1; kill -PIPE $$")
    assert (ran.returncode, ran.stdout) == (-signal.SIGPIPE, "y\n")


def test_programs_that_cannot_be_started(runner: Runner) -> None:
    ran = runner("--", "no-such-program-anywhere")
    assert ran.returncode == 127
    assert ran.stderr.count("\n") == 3
    plain = runner.write("notes.txt", "not a program")
    assert runner("--", plain).returncode == 126
    assert runner().returncode == 2
    assert runner("--").returncode == 2


@posix
def test_a_script_without_a_first_line_is_run_by_the_shell(runner: Runner) -> None:
    script = runner.write("script", "echo $1; exit 3\n", mode=0o755)
    ran = runner("--summary", "off", script, "hello")
    assert (ran.returncode, ran.stdout) == (3, "hello\n")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--tag", "nonsense"], "--tag"),
        (["--tag", "=x"], "--tag"),
        (["--tag", "run=1"], "'run' is the label of the run itself"),
        (["--project", " "], "project"),
        (["--json", "no/such/folder/x.json"], "--json"),
        (["--json", "."], "--json"),
    ],
)
def test_wrong_options_stop_it_before_it_starts(
    runner: Runner, options: list[str], field: str
) -> None:
    ran = runner(*options, "--", *python("print('ran')"))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert field in ran.stderr


@pytest.mark.parametrize("policy", ["deny", "allow"])
def test_a_bad_config_stops_it_before_it_starts(runner: Runner, policy: str) -> None:
    environ = {"QUOTAKEEPER_ON_STORE_FAILURE": policy}
    runner.write("quotakeeper.toml", "nonsense = 1\n")
    ran = runner("--", *python("print('ran')"), environ=environ)
    assert (ran.returncode, ran.stdout) == (78, "")
    assert "nonsense" in ran.stderr
    runner.write("quotakeeper.toml", 'price_files = ["prices.toml"]\n')
    runner.write("prices.toml", "price = [\n")
    ran = runner("--", *python("print('ran')"), environ=environ)
    assert (ran.returncode, ran.stdout) == (78, "")
    assert "prices.toml" in ran.stderr


WHO = (
    "import sys; "
    "print(any(type(f).__name__ == '_Waiting' for f in sys.meta_path), "
    "'quotakeeper' in sys.modules, "
    "any('inject' in str(p) for p in sys.path))"
)


def test_hooks_wait_and_leave_no_trace_on_the_path(runner: Runner) -> None:
    assert runner("--", *python(WHO)).stdout == "True False False\n"
    assert runner("--", sys.executable, "-s", "-P", "-u", "-c", WHO).stdout.startswith("True")


def test_each_library_is_hooked_when_it_is_imported(runner: Runner) -> None:
    code = (
        "import sys, http.client; "
        "print('quotakeeper.intercept.import_hook' in sys.modules, "
        "hasattr(http.client.HTTPConnection.endheaders, '_quotakeeper_instead_of') "
        "or any(hasattr(v, '_quotakeeper_instead_of') "
        "for v in vars(http.client.HTTPConnection).values()))"
    )
    assert runner("--", *python(code)).stdout == "True True\n"


@posix
def test_modules_scripts_and_children_are_seen(runner: Runner) -> None:
    runner.write("module.py", WHO)
    runner.write("script", f"#!{sys.executable}\n{WHO}\n", mode=0o755)
    again = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WHO!r}])"
    for command in (
        (sys.executable, "-m", "module"),
        ("./script",),
        ("env", "A=b", sys.executable, "module.py"),
        python(again),
        ("sh", "-c", f"exec {sys.executable} module.py"),
    ):
        assert runner("--", *command).stdout == "True False False\n", command


def test_a_run_in_a_run_puts_the_hooks_in_once(runner: Runner) -> None:
    code = "import os, json; print(json.dumps(os.environ['PYTHONPATH'].split(os.pathsep)))"
    inner = runner.line("--", *python(code))
    paths = json.loads(runner("--", *inner).stdout)
    assert paths == [str(INJECTED), str(runner.repository / "src")]


def test_without_a_pythonpath_nothing_but_the_hooks_is_added(runner: Runner) -> None:
    code = "import os; print(os.environ['PYTHONPATH'])"
    line = ["-c", f"import sys; sys.path.insert(0, {str(runner.repository / 'src')!r}); "
            "from quotakeeper.__main__ import main; sys.exit(main(sys.argv[1:]))"]  # fmt: skip
    environ = {k: v for k, v in runner.environment().items() if k != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, *line, "run", "--", *python(code)],
        capture_output=True, check=True, text=True, cwd=runner.folder, env=environ,
    )  # fmt: skip
    assert ran.stdout == f"{INJECTED}\n"


def test_the_next_sitecustomize_runs_as_if_we_were_not_there(runner: Runner) -> None:
    runner.write(
        "sitecustomize.py", "print('theirs', __file__.endswith('project/sitecustomize.py'))\n"
    )
    environ = {"PYTHONPATH": os.pathsep.join([str(runner.repository / "src"), str(runner.folder)])}
    code = "import sys, sitecustomize; print(sitecustomize.__file__)"
    ran = runner("--", *python(code), environ=environ)
    ours, first, second = ran.stdout.splitlines()
    assert (ours, first) == ("theirs True", "theirs True")
    assert Path(second) == runner.folder / "sitecustomize.py"
    runner.write("sitecustomize.py", "raise ValueError('theirs')\n")
    bare = subprocess.run(
        python("print(1)"), capture_output=True, text=True, check=True, cwd=runner.folder,
        env=runner.environment(**environ),
    )  # fmt: skip
    ran = runner("--summary", "off", "--", *python("print(1)"), environ=environ)
    assert (ran.stdout, ran.stderr) == (bare.stdout, bare.stderr * 2)  # the launcher's Python too
    runner.write("sitecustomize.py", "import no_such_module_of_theirs\n")
    ran = runner("--summary", "off", "--", *python("print(1)"), environ=environ)
    assert "no_such_module_of_theirs" in ran.stderr


@pytest.mark.parametrize("flag", ["-I", "-S", "-E", "-IS"])
def test_it_says_beforehand_where_it_cannot_work(runner: Runner, flag: str) -> None:
    ran = runner(
        "--", sys.executable, flag, "-c", "import sys; print('out'); print('err', file=sys.stderr)"
    )
    assert (ran.returncode, ran.stdout) == (0, "out\n")
    said = ran.stderr.splitlines()
    assert said[0].startswith("quotakeeper: ") and flag[:2] in said[0]
    assert "watch()" in said[1]
    assert said[2] == "err"
    assert "nothing was counted" in said[3]


def test_a_fault_of_ours_is_not_the_programs(runner: Runner) -> None:
    # The package is not where the injected file looks: the program must not notice.
    code = "import http.client; print('fine')"
    environ = {
        "PYTHONPATH": str(INJECTED),
        "QUOTAKEEPER_RUN_PACKAGE": str(runner.folder),
        "QUOTAKEEPER_RUN_HOOKS": "http.client",
        "QUOTAKEEPER_RUN_NOTES": str(runner.folder / "notes"),
    }
    ran = subprocess.run(
        python(code), capture_output=True, text=True, check=False, cwd=runner.folder,
        env={**runner.environment(), **environ},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "fine\n", "")
    assert read_notes(runner.folder / "notes").failed


def test_notes(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    assert read_notes(file) == Notes()
    file.write_text(
        "started 3.12\nstarted 3.12\nold 3.8\nold 3.8\nfailed ImportError\nrefused x\nshut a b\n\n"
    )
    assert read_notes(file) == Notes(2, ("3.8",), ("ImportError",), 1, ("a b",))
    file.write_text(
        "unseen a.example tornado\nunseen a.example tornado\nopened b.example\nopened b.example\n"
        "asked b.example\nopened c.example\nasked c.example\nchild -I python3\n"
        "child environment python3\nchild -I python3\nloaded grpc\nblind OSError\n"
    )
    notes = read_notes(file)
    assert notes.unseen == (Unseen("a.example", "tornado", 2), Unseen("b.example", "", 1))
    assert notes.children == (
        UnmeteredChild("python3", "-I", 2), UnmeteredChild("python3", "environment", 1),
    )  # fmt: skip
    assert (notes.loaded, notes.blind) == (("grpc",), ("OSError",))
    assert notes.has_gaps
    assert not Notes(1, refused=3, loaded=("grpc",)).has_gaps
    assert Notes(0).has_gaps


def test_launching_by_hand(tmp_path: Path) -> None:
    run = Run(python("import os, sys; sys.exit(int(os.environ['CODE']))"), os.environ, ("x",),
              tmp_path / "notes", {"CODE": "5"})  # fmt: skip
    assert launch(run) == Ended(5)
    assert read_notes(run.notes).metered == 1


def test_a_run_that_writes_nothing_does_not_open_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = tmp_path / "ledger.db"
    program = (
        "import sys\nfrom quotakeeper import Keeper\n"
        "if sys.argv[1:]:\n"
        "    with Keeper() as keeper:\n"
        "        keeper.record('gemini', model='gemini-2.0-flash', operation='x', input_tokens=7)\n"
    )
    with Keeper(ledger) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", operation="x", input_tokens=1)
    monkeypatch.setenv("QUOTAKEEPER_LEDGER", str(ledger))
    opened: list[bool] = []
    open_keeper = context.open_keeper

    def counted(session: context.CommandContext) -> Keeper:
        opened.append(True)
        return open_keeper(session)

    monkeypatch.setattr(context, "open_keeper", counted)
    command = ["run", "--", *python(program)]
    assert main(command) == 0
    assert opened == []
    assert main([*command, "call"]) == 0
    assert opened == [True]
