"""URLs of a person's own things, below /api/v1/."""

from django.urls import path

from labeling.accounts import api

urlpatterns = [
    path("password", api.PasswordView.as_view()),
    path("tokens", api.TokenListView.as_view()),
    path("tokens/<int:token_id>", api.TokenView.as_view()),
]
