"""Every URL of the API has a row in url_roles.py, and answers each role as its row says."""

import re

import pytest
from django.db import transaction
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from labeling.accounts.services import token_create
from labeling.feedback.chat_batches import chats_open
from labeling.rounds.models import Import
from labeling.rounds.people import invitation_create
from labeling.rounds.services import checkpoint_register
from labeling.training.models import TrainingRun
from tests.labeling.feedback_cast import make_prompts, make_ranking_tasks
from tests.labeling.site_cast import cast_make
from tests.labeling.url_roles import ANYBODY, MEMBERS, URL_ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
ROLES = [*sorted(MEMBERS), "stranger", "anonymous", "admin"]
PREFIX = "api/v1/"


def url_patterns(resolver, prefix=""):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from url_patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry.callback


def api_endpoints():
    for pattern, callback in url_patterns(get_resolver()):
        if not pattern.startswith(PREFIX):
            continue
        view = getattr(callback, "cls", None)
        methods = [name for name in view.http_method_names if hasattr(view, name)] if view else ["get"]
        for method in methods:
            if method not in ("options", "head"):
                yield method.upper(), pattern.removeprefix(PREFIX)


def test_every_url_has_a_row_and_every_row_a_url():
    assert set(api_endpoints()) == set(URL_ROLES)


@pytest.fixture
def swept(tmp_path, settings, monkeypatch):
    """A cast, and the values that stand for the parameters of every URL."""
    # A live stream gives its connection back; here it is the test's own, which still has a transaction to undo.
    for module in ("labeling.training.streams", "labeling.feedback.chat_stream"):
        monkeypatch.setattr(f"{module}.close_old_connections", lambda: None)
    settings.STORAGE_URL = f"file://{tmp_path}"
    settings.MODELS_DIR = tmp_path
    cast = cast_make()
    project, people = cast.project, cast.people
    prompts = make_prompts(project, 2)
    make_ranking_tasks(project, prompts)
    claim = cast.client("labeler").post(f"{cast.path}/labeling/claim", {}, content_type="application/json").json()
    made = cast.client("manager").post(f"{cast.path}/rounds", {}, content_type="application/json")
    checkpoint = checkpoint_register(project=project, role="policy", uri="file:///a", sha256="0" * 64, name="a")
    invitation, token = invitation_create(
        actor=people["manager"], project=project, email="a@example.org", role="labeler"
    )
    values = {
        "token": token,
        "invitation_id": invitation.pk,
        "token_id": token_create(user=people["manager"], name="a", scopes=["read"])[0].pk,
        "project_id": project.pk,
        "user_id": people["engineer"].pk,
        "import_id": Import.objects.create(
            project=project, kind="prompts", file_name="a", uri="file:///a", sha256="0"
        ).pk,
        "prompt_id": prompts[0].pk,
        "completion_id": claim["assignment"]["task"]["completions"][0]["id"],
        "task_id": claim["assignment"]["task"]["id"],
        "place_id": claim["assignment"]["place"]["id"],
        "run_id": TrainingRun.objects.create(project=project, kind="pretrain").pk,
        "checkpoint_id": checkpoint.pk,
        "number": made.json()["number"],
        "position": 0,
        "batch_id": chats_open(
            project=project, actor=people["manager"], num_tasks=1, kind="chat", checkpoint_a=checkpoint.pk,
            checkpoint_b=checkpoint.pk, temperature_a=1, temperature_b=1, top_p=1, max_new_tokens=8, max_turns=2,
        ).pk,
    }  # fmt: skip
    return cast, values


def expected_statuses(role, path, allowed):
    """The statuses that mean `may not` for this role; None: any that does not mean it."""
    if role in allowed or role == "admin":
        return None
    if role == "anonymous":
        return {401}
    if role == "stranger" or path.startswith("tokens/"):
        return {404}
    return {403}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_answered_as_the_table_says(swept, role):
    cast, values = swept
    wrong = []
    for (method, path), allowed in URL_ROLES.items():
        if role == "admin" and path.startswith(("tokens/", "places/")):
            continue  # tokens and leases are their owner's alone
        url = "/" + PREFIX + re.sub(r"<\w+:(\w+)>", lambda match: str(values[match[1]]), path)
        client = cast.client(role)
        client.raise_request_exception = False
        kind = "multipart/form-data; boundary=x" if path.endswith("/imports") else "application/json"
        with transaction.atomic():
            status = client.generic(method, url, "{}" if kind.endswith("json") else "", kind).status_code
            transaction.set_rollback(True)
        expected = expected_statuses(role, path, allowed)
        is_right = status in expected if expected else status not in {401, 403, 404, 405} and status < 500
        if not is_right:
            wrong.append(f"{method} {path}: {status}, expected {expected or 'to be allowed'}")
    assert not wrong, "\n".join(wrong)


def test_table_opens_nothing_but_signing_in_and_invitations_to_anybody():
    opened = {path.split("/")[0] for (_, path), allowed in URL_ROLES.items() if allowed == ANYBODY}
    assert opened == {"session", "invitations"}
