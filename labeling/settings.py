"""Settings of the site. The environment wins; then var/local/services.json, written when the project runs its own services."""

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("ROUNDTABLE_VAR") or ROOT / "var").resolve()
FRONTEND_DIST = ROOT / "frontend" / "dist"


def read_services() -> dict[str, str]:
    """Addresses of the services that this project started itself; empty when it started none."""
    path = VAR / "local" / "services.json"
    return json.loads(path.read_text()) if path.exists() else {}


SERVICES = read_services()


def read_text(name: str, default: str = "") -> str:
    return os.environ.get(name) or SERVICES.get(name) or default


def read_flag(name: str, default: bool) -> bool:
    text = read_text(name, "1" if default else "0").lower()
    if text not in {"0", "1", "true", "false"}:
        raise SystemExit(f"{name} must be 0, 1, true or false, got {text!r}; change or unset it.")
    return text in {"1", "true"}


def read_count(name: str, default: int) -> int:
    text = read_text(name, str(default))
    if not text.isdigit():
        raise SystemExit(f"{name} must be a whole number of 0 or more, got {text!r}; change or unset it.")
    return int(text)


def read_list(name: str) -> list[str]:
    return [item.strip() for item in read_text(name).split(",") if item.strip()]


def read_secret_key() -> str:
    """SECRET_KEY from the environment, else one made once and kept in <var>/secret_key with mode 0600."""
    if os.environ.get("SECRET_KEY"):
        return os.environ["SECRET_KEY"]
    path = VAR / "secret_key"
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        draft = VAR / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # another process was first: then all read its key
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def database_from_url(url: str, pool_size: int) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name`; a socket folder may be given as `?host=/folder`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SystemExit(f"DATABASE_URL must start with postgresql://, got {parts.scheme or 'no'!r} scheme; change it.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    options: dict[str, Any] = {key: value for key, value in query.items() if key not in {"host", "port"}}
    if pool_size:  # connections that are kept
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 30}
        # Statements are planned once a connection, not at every use: half of what a claim costs the database is its plan.
        options |= {"server_side_binding": True, "prepare_threshold": 2}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": query.get("port") or str(parts.port or ""),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": not pool_size,
    }


DEBUG = read_flag("DEBUG", False)
SECRET_KEY = read_secret_key()
WEB_PROCESSES = max(1, read_count("WEB_PROCESSES", min(4, os.cpu_count() or 1)))  # each holds up to DATABASE_POOL_SIZE
SITE_URL = read_text("SITE_URL", "http://127.0.0.1:8000").rstrip(
    "/"
)  # the address people type; https turns secure cookies on
SITE_HOST = urlsplit(SITE_URL).hostname or "127.0.0.1"
IS_HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = sorted({"127.0.0.1", "localhost", "[::1]", SITE_HOST, *read_list("ALLOWED_HOSTS")})
CSRF_TRUSTED_ORIGINS = [SITE_URL] if IS_HTTPS else []

DATABASE_URL = read_text("DATABASE_URL", "postgresql://roundtable@127.0.0.1:5432/roundtable")
DATABASE_POOL_SIZE = read_count("DATABASE_POOL_SIZE", 20)  # 0 = no pool, for processes that fork after loading
DATABASES = {"default": database_from_url(DATABASE_URL, DATABASE_POOL_SIZE)}
REDIS_URL = read_text("REDIS_URL", "redis://127.0.0.1:6379/0")
RAY_ADDRESS = read_text("RAY_ADDRESS")
RAY_AUTH_TOKEN = read_text("RAY_AUTH_TOKEN")
RAY_AUTH_TOKEN_PATH = read_text("RAY_AUTH_TOKEN_PATH")  # the file of a token that is not given itself
STORAGE_URL = read_text("STORAGE_URL", f"file://{VAR / 'store'}")
MODELS_DIR = Path(read_text("MODELS_DIR", str(VAR / "models")))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "labeling.jobs",
    "labeling.accounts",
    "labeling.rounds",
    "labeling.feedback",
    "labeling.training",
    "labeling.loop",
    "labeling.agreement",
    "labeling.bench",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "labeling.urls"
ASGI_APPLICATION = "labeling.asgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),  # as the pages say
        ("CommonPasswordValidator", {}),
    )
]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = read_flag("COOKIES_SECURE", IS_HTTPS)
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # the page reads its CSRF token from GET /api/v1/session
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "labeling.api_errors.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if read_flag("BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

WHITENOISE_ROOT = FRONTEND_DIST if FRONTEND_DIST.exists() else None  # serves /assets/* and the icons of the built page
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[A-Za-z0-9_-]{8,}\.\w+$"
STATIC_URL = "/static/"

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20  # a JSON body; uploaded files go to disk in pieces
IMPORT_MAX_BYTES = read_count("IMPORT_MAX_BYTES", 5 * 2**30)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "labeling.accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["labeling.accounts.authentication.IsSignedInWithScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "labeling.api_errors.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Roundtable",
    "DESCRIPTION": "People, prompts, labels, training runs and rounds.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "TaskKind": "labeling.feedback.models.LabelingTask.Kind",
        "StageKind": "labeling.rounds.models.RoundStage.Kind",
        "StageState": "labeling.rounds.models.RoundStage.State",
        "StageAction": "labeling.loop.guards.ACTIONS",
        "RoundState": "labeling.loop.guards.ROUND_STATES",
        "RunKind": "labeling.training.models.TrainingRun.Kind",
        "RunState": "labeling.training.models.TrainingRun.State",
        "SnapshotKind": "labeling.training.models.DatasetSnapshot.Kind",
        "SnapshotState": "labeling.training.models.DatasetSnapshot.State",
        "CheckpointRole": "labeling.rounds.models.Checkpoint.Role",
        "CheckpointState": "labeling.rounds.models.Checkpoint.State",
        "AiUse": "labeling.feedback.answer_base.AiUse",
        "MembershipRole": "labeling.rounds.models.Membership.Role",
        "ImportKind": "labeling.rounds.models.Import.Kind",
        "ImportState": "labeling.rounds.models.Import.State",
        "PromptSplit": "labeling.rounds.models.Prompt.Split",
        "SkipReason": "labeling.feedback.models.Skip.Reason",
        "PromptStyle": "labeling.feedback.models.LabelingTask.PromptStyle",
        "ChatKind": "labeling.feedback.chat_models.ChatBatch.Kind",
        "ReplyState": "labeling.feedback.chat_models.Reply.State",
        "PairwiseScale": "labeling.rounds.label_schemas.PAIRWISE_SCALES",
        "MessageRole": "labeling.feedback.answers.MESSAGE_ROLES",
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": read_text("LOG_LEVEL", "INFO")},
}
