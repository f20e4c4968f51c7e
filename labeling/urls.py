"""Every URL of the site: the API under /api/v1/, the health pages, and the single page for all other paths."""

from django.urls import include, path, re_path

from labeling.pages import api_not_found, healthz, index, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/v1/", include("labeling.accounts.urls")),
    path("api/v1/", include("labeling.rounds.urls")),
    path("api/v1/", include("labeling.feedback.urls")),
    path("api/v1/", include("labeling.training.urls")),
    path("api/v1/", include("labeling.loop.urls")),
    path("api/v1/", include("labeling.agreement.urls")),
    re_path(r"^api/", api_not_found, name="api-not-found"),
    re_path(r"^(?!assets/).*$", index, name="index"),
]
