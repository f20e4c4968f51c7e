"""The ASGI application that uvicorn serves: `uvicorn labeling.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeling.settings")
site = get_asgi_application()

from labeling.body_limit import BodyLimit  # noqa: E402 - it needs the settings that the line above read

application = BodyLimit(site)
