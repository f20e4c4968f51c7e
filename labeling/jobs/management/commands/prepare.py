"""`python manage.py prepare`: bring the database to this version and make the first account. `up` runs it at every start."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction


class Command(BaseCommand):
    """Migrations, then a superuser `admin` with a random password if there is no user yet."""

    help = "Migrate the database; make the superuser `admin` with a random password when there is no user yet."

    def handle(self, *_: Any, **__: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        kept = Path(settings.VAR) / "local" / "admin-password"
        with transaction.atomic():
            if not get_user_model().objects.exists():
                password = secrets.token_urlsafe(12)
                get_user_model().objects.create_superuser("admin", password=password, display_name="Administrator")
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.unlink(missing_ok=True)
                with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(password + "\n")
        if kept.exists():
            self.stdout.write(f"Sign in as admin with the password {kept.read_text().strip()} (kept in {kept})")
