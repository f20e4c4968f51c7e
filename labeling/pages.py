"""What is not the API: the built single page, its Content-Security-Policy nonce, and the two health pages."""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from labeling.api_errors import error_body
from labeling.jobs.models import Heartbeat
from labeling.version import code_version

NONCE_PLACEHOLDER = "__CSP_NONCE__"
NOT_BUILT = "The page is not built: frontend/dist/index.html is missing. Run `make up`, then restart the site."
HEARTBEAT_MAX_AGE = timedelta(seconds=30)
HEARTBEAT_COMPONENTS = ("worker", "ray")


@require_safe
@ensure_csrf_cookie
def index(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """The page for every path that is not the API; the browser decides what to show."""
    path = settings.FRONTEND_DIST / "index.html"
    if not path.exists():
        return HttpResponse(NOT_BUILT, status=503, content_type="text/plain")
    html = path.read_text().replace(NONCE_PLACEHOLDER, str(request.csp_nonce))  # type: ignore[attr-defined]
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def api_not_found(request: HttpRequest) -> JsonResponse:
    message = f"There is no {request.path} in the API; docs/openapi.yml lists what there is."
    return JsonResponse(error_body("not_found", message), status=404)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is looked at."""
    return JsonResponse({"ok": True, "version": code_version()})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether work can be done: database, Redis, and (from their heartbeats) the worker and Ray; 503 names what is missing."""
    parts = {"database": database_state(), "redis": redis_state()}
    for component in HEARTBEAT_COMPONENTS:
        parts[component] = heartbeat_state(component) if parts["database"] == "ok" else "unknown: no database"
    is_ready = all(state == "ok" for state in parts.values())
    body = {"ok": is_ready, "version": code_version(), "parts": parts}
    return JsonResponse(body, status=200 if is_ready else 503)


def database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"unreachable: {error}".strip()
    return "ok"


def redis_state() -> str:
    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        client.ping()
    except RedisError as error:
        return f"unreachable: {error}"
    finally:
        client.close()
    return "ok"


def heartbeat_state(component: str) -> str:
    """ok, or why not: never seen, silent for too long, or another code version."""
    heartbeat = Heartbeat.objects.filter(component=component).first()
    if heartbeat is None:
        return "never seen"
    age = timezone.now() - heartbeat.at
    if age > HEARTBEAT_MAX_AGE:
        return f"silent for {age.total_seconds():.0f} s"
    if heartbeat.version != code_version():
        return f"runs {heartbeat.version}, the site runs {code_version()}; restart both"
    return str(heartbeat.detail.get("error") or "ok")
