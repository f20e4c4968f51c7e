"""URLs of the accounts part of the API."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
