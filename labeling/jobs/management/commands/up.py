"""`python manage.py up`: the whole of Roundtable on this machine, until Ctrl-C."""

import sys
import time
import webbrowser
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from labeling.local import places, services, site
from labeling.local.processes import LocalServiceError
from labeling.local.supervisor import StopRequested, Supervisor

HOST = "127.0.0.1"


class Command(BaseCommand):
    """Starts PostgreSQL, Redis and Ray (or uses yours), prepares the database, starts worker, beat and site, keeps them alive."""

    help = "Start the whole of Roundtable on this machine; Ctrl-C stops all of it."
    requires_system_checks: list[str] = []  # the database they would ask is not up yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the site on 127.0.0.1 (default: 8000)")
        parser.add_argument("--no-browser", action="store_true", help="do not open the site in a browser")

    def handle(self, *_: Any, **options: Any) -> None:
        port, var = int(options["port"]), Path(settings.VAR)
        url = f"http://{HOST}:{port}"
        try:
            places.folder_claim(var)
            lock = places.lock_take(var, url)
            places.port_check(HOST, port)
        except LocalServiceError as error:
            self._refuse(error)
        with lock:
            self._run(var, port, url, opens_browser=not options["no_browser"] and sys.stdout.isatty())

    def _run(self, var: Path, port: int, url: str, *, opens_browser: bool) -> None:
        begun = time.monotonic()
        try:
            with Supervisor(say=self._say) as supervisor:
                self._start(supervisor, var, port, url)
                self.stdout.write(
                    self.style.SUCCESS(f"\nRoundtable is up after {time.monotonic() - begun:.0f} s: {url}")
                )
                self._say("Ctrl-C stops everything; your data stays in " + str(var))
                self.stdout.flush()
                if opens_browser:
                    webbrowser.open(url)
                supervisor.watch()
        except StopRequested:
            self.stdout.write("Stopped. `make up` starts it again where it was.")
        except LocalServiceError as error:
            self._refuse(error)
        finally:
            (var / "local" / services.FILE_NAME).unlink(missing_ok=True)

    def _start(self, supervisor: Supervisor, var: Path, port: int, url: str) -> None:
        logs = var / "local"
        self.stdout.write(f"Starting Roundtable in {var}")
        services.start_all(supervisor, logs, url)
        environment = site.child_environment()
        for line in site.prepare(environment, logs):
            self._say(line)
        self._say("web (the site)")
        web = supervisor.add(
            "web",
            lambda: site.start_web(
                host=HOST, port=port, logs=logs, environment=environment, num_processes=settings.WEB_PROCESSES
            ),
        )
        self._say("worker and beat (imports, exports, runs, rounds)")
        supervisor.add("worker", lambda: site.start_worker(logs=logs, environment=environment))
        supervisor.add("beat", lambda: site.start_beat(logs=logs, environment=environment))
        site.wait_for_web(web, url)
        for part in supervisor.parts:
            if part.name == "Ray" and part.running is not None:
                part.running.wait()  # type: ignore[attr-defined]

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()

    def _refuse(self, error: LocalServiceError) -> None:
        self.stderr.write(f"up: {error}")
        sys.exit(1)
