"""The labeler's endpoints: claim a task, keep it, write, skip or submit, and get the next in the same reply."""

import json
from functools import lru_cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.accounts.models import User
from labeling.api_request import SignedInRequest
from labeling.errors import InvalidInput
from labeling.feedback import claims, selectors, services
from labeling.feedback.models import Place
from labeling.feedback.provenance import notice_is_due, notice_read
from labeling.feedback.routing import waiting_for_others
from labeling.feedback.serializers import (
    AssignmentDraftSerializer,
    AssignmentSchemaSerializer,
    ClaimInputSerializer,
    ClaimSerializer,
    DraftInputSerializer,
    LabelingNoticeSerializer,
    LabelingPreferencesSerializer,
    LabelingSummarySerializer,
    LeaseInputSerializer,
    LeaseSerializer,
    NextSerializer,
    SkipInputSerializer,
    SubmitInputSerializer,
    SubmitSerializer,
)
from labeling.rounds.models import Project
from labeling.rounds.people import takes_sensitive_set
from labeling.rounds.selectors import project_get_for

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, required=True,
    description="Chosen by the client, one per answer; a repeated request with the same key gets the first reply again.",
)  # fmt: skip


def next_assignment(user: User, project: Project, after_place: int | None = None) -> dict[str, Any] | None:
    """The next task as AssignmentSerializer says. Built by hand but for its schema: this is in every labeler's every reply."""
    place_id = claims.place_claim(labeler=user, project=project, after_place=after_place)
    if place_id is None:
        return None
    assignment = selectors.assignment_get(user, place_id)
    label_schema = assignment["task"]["label_schema"]
    label_schema["schema"] = schema_shown(label_schema["schema"])
    return assignment


@lru_cache(maxsize=256)
def schema_shown(text: str) -> dict[str, Any]:
    """A stored label schema with what it leaves out filled in; there are few of them, and every task comes with one."""
    return dict(AssignmentSchemaSerializer(json.loads(text)).data)


def held_place(request: SignedInRequest, place_id: int, serializer: type[LeaseInputSerializer]) -> tuple[Place, Any]:
    """The Place of the address, if its project is the user's, and the checked body."""
    place = selectors.place_get_for(request.user, place_id)
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return place, body


class LabelingSummaryView(APIView):
    @extend_schema(operation_id="labeling_summary", responses=LabelingSummarySerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """How many tasks wait for me, by kind, and how many I have done."""
        project = project_get_for(request.user, project_id, selectors.LABELER)
        return Response(LabelingSummarySerializer(selectors.labeling_summary(request.user, project)).data)


class LabelingPreferencesView(APIView):
    token_scope = "label"

    @extend_schema(
        operation_id="labeling_preferences",
        request=LabelingPreferencesSerializer,
        responses=LabelingPreferencesSerializer,
    )
    def patch(self, request: SignedInRequest, project_id: int) -> Response:
        """What I choose to work on."""
        project = project_get_for(request.user, project_id, selectors.LABELER)
        body = LabelingPreferencesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        takes_sensitive_set(user=request.user, project=project, **body.validated_data)
        return Response(body.data)


class LabelingNoticeView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="labeling_notice", responses=LabelingNoticeSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Whether I have yet to read what is recorded of my answers, and why."""
        project = project_get_for(request.user, project_id, selectors.LABELER)
        found = {"is_due": notice_is_due(request.user, project), "asks_ai_use": project.asks_ai_use}
        return Response(LabelingNoticeSerializer(found).data)

    @extend_schema(operation_id="labeling_notice_read", request=None, responses={204: None})
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """I have read what is recorded of my answers, and why."""
        project = project_get_for(request.user, project_id, selectors.LABELER)
        notice_read(user=request.user, project=project)
        return Response(status=204)


class ClaimView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="labeling_claim", request=ClaimInputSerializer, responses=ClaimSerializer)
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """The task I hold, or the next one. `after_place`: the task on my screen, to fetch the one after it ahead of time."""
        project = project_get_for(request.user, project_id, selectors.LABELER)
        body = ClaimInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        assignment = next_assignment(request.user, project, body.validated_data["after_place"])
        if assignment is not None:
            return Response({"assignment": assignment, "reason": "", "waiting_for_others": []})
        waiting = waiting_for_others(request.user, project)
        reason = "nothing_fits" if waiting else "nothing_open"
        if claims.guideline_is_unread(labeler=request.user, project=project):
            reason = "guideline_changed"
        return Response({"assignment": None, "reason": reason, "waiting_for_others": waiting})


class PlaceHeartbeatView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="place_heartbeat", request=LeaseInputSerializer, responses=LeaseSerializer)
    def post(self, request: SignedInRequest, place_id: int) -> Response:
        """Renews my lease while I work."""
        place, body = held_place(request, place_id, LeaseInputSerializer)
        expires_at = claims.lease_extend(labeler=request.user, place_id=place.pk, **body.validated_data)
        return Response(LeaseSerializer({"lease_expires_at": expires_at}).data)


class PlaceDraftView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="place_draft", request=DraftInputSerializer, responses=AssignmentDraftSerializer)
    def put(self, request: SignedInRequest, place_id: int) -> Response:
        """Keeps what I have written so far."""
        place, body = held_place(request, place_id, DraftInputSerializer)
        draft = claims.draft_save(labeler=request.user, place_id=place.pk, **body.validated_data)
        return Response(AssignmentDraftSerializer(draft).data)


class PlaceReleaseView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="place_release", request=LeaseInputSerializer, responses={204: None})
    def post(self, request: SignedInRequest, place_id: int) -> Response:
        """Gives the task back so that somebody else can take it."""
        place, body = held_place(request, place_id, LeaseInputSerializer)
        claims.place_release(labeler=request.user, place_id=place.pk, **body.validated_data)
        return Response(status=204)


class PlaceSkipView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="place_skip", request=SkipInputSerializer, responses=NextSerializer)
    def post(self, request: SignedInRequest, place_id: int) -> Response:
        """Passes on the task with a reason; it is not offered to me again."""
        place, body = held_place(request, place_id, SkipInputSerializer)
        given = dict(body.validated_data)
        claim_next = given.pop("claim_next")
        claims.place_skip(labeler=request.user, place_id=place.pk, **given)
        following = next_assignment(request.user, place.project) if claim_next else None
        return Response({"next": following})


class PlaceSubmitView(APIView):
    token_scope = "label"

    @extend_schema(
        operation_id="place_submit", parameters=[KEY], request=SubmitInputSerializer, responses=SubmitSerializer
    )
    def post(self, request: SignedInRequest, place_id: int) -> Response:
        """Stores my answer and returns the next task."""
        place, body = held_place(request, place_id, SubmitInputSerializer)
        key = request.headers.get("Idempotency-Key", "")
        if not 1 <= len(key) <= 128:
            raise InvalidInput(
                f"Expected an Idempotency-Key header of 1 to 128 characters, got {len(key)}. Send one per answer."
            )
        given = body.validated_data
        answer = services.answer_submit(
            labeler=request.user, project_id=place.project_id, place_id=place.pk, lease_token=given["lease_token"], key=key,
            answer=body.answer_given(place.kind), seconds=given["seconds"], notes=given["notes"],
            edits=body.edits_given(), typing=body.typing_given(), ai_use=given["ai_use"],
        )  # fmt: skip
        following = next_assignment(request.user, place.project) if given["claim_next"] else None
        return Response({"answer": answer, "next": following})
