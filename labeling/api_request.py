"""The request of a view that only people who are signed in reach."""

from rest_framework.request import Request

from labeling.accounts.models import User


class SignedInRequest(Request):
    """A type for annotations only: IsSignedInWithScope has refused everybody else before the view runs."""

    user: User
