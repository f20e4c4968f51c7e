"""Child processes that cannot outlive their parent: spawn, stop, pid files, free ports. Knows nothing of what it runs."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_C_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None


class LocalServiceError(RuntimeError):
    """A service of ours could not be started. The message is one line: what was wanted, what came, what to do."""


def spawn(
    command: Sequence[str | Path],
    *,
    log_path: Path,
    death_signal: int = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user_id: int | None = None,
    group_id: int | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `command` in its own process group, output appended to `log_path`; the kernel ends it when we die.

    Call it from a thread that lives as long as the child: Linux sends the death signal when the *thread* that forked ends.
    """

    def ask_kernel_to_end_it() -> None:
        # After setuid, which clears the request. The second check closes the race with a parent that is already gone.
        if _C_LIBRARY is not None:
            _C_LIBRARY.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    parent = os.getpid()
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            process_group=0,
            user=user_id,
            group=group_id,
            extra_groups=[] if user_id is not None else None,
            preexec_fn=ask_kernel_to_end_it,
        )


def stop(process: "subprocess.Popen[bytes]", *, first_signal: int = signal.SIGTERM, timeout: float = 10.0) -> None:
    """Ask the child to end; after `timeout` seconds end its whole process group by force. Returns when it is gone."""
    if process.poll() is None:
        process.send_signal(first_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _signal_group(process_group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_group, number)


def write_pid_file(path: Path, pid: int) -> None:
    """Remember a child with its start time, so that a later process with the same number is not taken for it."""
    path.write_text(json.dumps({"pid": pid, "started": start_ticks(pid)}))


def end_leftover(path: Path, *, first_signal: int = signal.SIGTERM, timeout: float = 10.0) -> bool:
    """End the process group that a killed earlier start left behind. True if there was one."""
    try:
        left = json.loads(path.read_text())
        pid, started = int(left["pid"]), left["started"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
    path.unlink(missing_ok=True)
    if started is None or start_ticks(pid) != started:
        return False
    os.kill(pid, first_signal)
    deadline = time.monotonic() + timeout
    while start_ticks(pid) == started and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal_group(pid, signal.SIGKILL)
    return True


def start_ticks(pid: int) -> int | None:
    """When a live process began, in clock ticks since boot; None when there is none (a zombie counts as none)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def adopt_orphans() -> None:
    """From now on a descendant whose parent died becomes our child, so that `end_descendants` still finds it."""
    if _C_LIBRARY is not None:
        _C_LIBRARY.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """End by force whatever descends from this process, until nothing does."""
    for _ in range(50):
        left = [pid for pid in descendants(os.getpid()) if start_ticks(pid) is not None]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _reap()
        if not left:
            return
        time.sleep(0.05)


def reap_adopted(known: Collection[int]) -> None:
    """Let go of adopted processes that have ended; `known` are the children whose ending somebody else waits for."""
    for number, parent in _process_parents():
        if parent == os.getpid() and number not in known and start_ticks(number) is None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(number, os.WNOHANG)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def descendants(pid: int) -> list[int]:
    """All live processes below `pid`, found through /proc."""
    children: dict[int, list[int]] = {}
    for number, parent in _process_parents():
        children.setdefault(parent, []).append(number)
    found: list[int] = []
    pending = list(children.get(pid, []))
    while pending:
        number = pending.pop()
        found.append(number)
        pending += children.get(number, [])
    return found


def _process_parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(entry.parent.name), int(fields[1])


def free_port() -> int:
    """A loopback TCP port that nobody listens on now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """That many different free loopback ports."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until(
    is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]", *, name: str, log_path: Path, timeout: float
) -> None:
    """Poll until ready. LocalServiceError, with the log's last line, if the child ends or the time is over."""
    deadline = time.monotonic() + timeout
    while not is_ready():
        if process.poll() is not None:
            raise LocalServiceError(
                f"{name} ended at start with code {process.returncode}: {last_line(log_path)} (log: {log_path})"
            )
        if time.monotonic() > deadline:
            stop(process, timeout=2)
            raise LocalServiceError(f"{name} was not ready in {timeout:.0f} s: {last_line(log_path)} (log: {log_path})")
        time.sleep(0.05)


def last_line(path: Path) -> str:
    """The last line of a log that says something."""
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return "it wrote no log"
    return lines[-1] if lines else "it wrote no log"
