"""Signing in with a password, and changing it: guesses are throttled."""

import hashlib

from django.contrib.auth import authenticate, login
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from redis import RedisError

from labeling.accounts.models import User
from labeling.errors import DomainError, FieldError, InvalidInput, Throttled, Unavailable
from labeling.jobs.services import audit

ATTEMPTS = 10
WINDOW_SECONDS = 60


class WrongCredentials(DomainError):
    """Unknown name, wrong password or deactivated account: which one is not said."""

    code = "wrong_credentials"
    status = 400


def sign_in(request: HttpRequest, username: str, password: str) -> User:
    """Start a session for this person. Raises Throttled, Unavailable (Redis counts attempts) or WrongCredentials."""
    key = throttle_key(request.META.get("REMOTE_ADDR", ""), username)
    attempt_count(key)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise WrongCredentials("The name or the password is wrong, or the account is deactivated.")
    login(request, user)
    cache.delete(key)
    return user


def password_change(*, user: User, current: str, new: str) -> None:
    """The person signs in with the new password from now on. Raises Throttled, Unavailable or InvalidInput."""
    key = throttle_key("change", user.username)
    attempt_count(key)
    if not user.check_password(current):
        wrong = FieldError("This is not your password.", "wrong_password")
        raise InvalidInput("The current password is wrong.", {"current": wrong})
    try:
        validate_password(new, user)
    except ValidationError as error:
        weak = FieldError.of(error.error_list)
        raise InvalidInput(weak, {"new": weak}) from error
    user.set_password(new)
    user.save(update_fields=["password"])
    audit(user, "password_change", user)
    cache.delete(key)


def throttle_key(address: str, username: str) -> str:
    return "sign-in:" + hashlib.sha256(f"{address}\0{username.casefold()}".encode()).hexdigest()


def attempt_count(key: str) -> None:
    """Count one attempt in the current window; without the counter nobody signs in, so that guessing stays slow."""
    try:
        cache.add(key, 0, WINDOW_SECONDS)
        attempts = cache.incr(key)
    except (RedisError, ValueError) as error:  # ValueError: the window ended between the two calls
        raise Unavailable("Signing in is not possible for a moment; try again.") from error
    if attempts > ATTEMPTS:
        raise Throttled(f"More than {ATTEMPTS} attempts in a minute for this name; wait a minute, then try again.")
