"""What managers and engineers read and redact: one prompt with everything about it, demonstrations, rankings."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest
from labeling.feedback import selectors, services
from labeling.feedback.priorities import weights_of, weights_set
from labeling.feedback.serializers import (
    CompletionSerializer,
    DemonstrationPageSerializer,
    DemonstrationSerializer,
    PromptDetailSerializer,
    RankingPageSerializer,
    RankingSerializer,
    RedactInputSerializer,
    ReopenInputSerializer,
    StoppedTaskPageSerializer,
    StoppedTaskSerializer,
    WeightsSerializer,
)
from labeling.feedback.skips import task_reopen
from labeling.rounds.models import Membership
from labeling.rounds.selectors import project_get_for


def reason_given(request: SignedInRequest) -> str:
    body = RedactInputSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return str(body.validated_data["reason"])


class PromptDetailView(APIView):
    @extend_schema(operation_id="prompt_detail", responses=PromptDetailSerializer)
    def get(self, request: SignedInRequest, project_id: int, prompt_id: int) -> Response:
        """A prompt with its completions, demonstrations and rankings."""
        return Response(PromptDetailSerializer(selectors.prompt_get_for(request.user, project_id, prompt_id)).data)


class PromptRedactView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="prompt_redact", request=RedactInputSerializer, responses=PromptDetailSerializer)
    def post(self, request: SignedInRequest, project_id: int, prompt_id: int) -> Response:
        """Removes the text of a prompt and of everything written for it; the rows stay."""
        project_get_for(request.user, project_id, Membership.Role.MANAGER)
        prompt = selectors.prompt_get_for(request.user, project_id, prompt_id)
        services.prompt_redact(actor=request.user, prompt=prompt, reason=reason_given(request))
        return Response(PromptDetailSerializer(selectors.prompt_get_for(request.user, project_id, prompt_id)).data)


class CompletionRedactView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="completion_redact", request=RedactInputSerializer, responses=CompletionSerializer)
    def post(self, request: SignedInRequest, project_id: int, completion_id: int) -> Response:
        """Removes the text of a completion; the row stays."""
        completion = selectors.completion_get_for(request.user, project_id, completion_id)
        services.completion_redact(actor=request.user, completion=completion, reason=reason_given(request))
        return Response(CompletionSerializer(completion).data)


class DemonstrationListView(APIView):
    @extend_schema(operation_id="demonstration_list", parameters=[CURSOR], responses=DemonstrationPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Demonstrations, newest first."""
        project = project_get_for(request.user, project_id, *selectors.STAFF)
        return Response(page_of(request, selectors.demonstrations_of(project), DemonstrationSerializer))


class RankingListView(APIView):
    @extend_schema(operation_id="ranking_list", parameters=[CURSOR], responses=RankingPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Rankings with their completions, newest first."""
        project = project_get_for(request.user, project_id, *selectors.STAFF)
        return Response(page_of(request, selectors.rankings_of(project), RankingSerializer))


class WeightsView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="labeling_weights", responses=WeightsSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """How early each kind of work is handed out."""
        return Response(weights_of(project_get_for(request.user, project_id, *selectors.STAFF)))

    @extend_schema(operation_id="labeling_weights_set", request=WeightsSerializer, responses=WeightsSerializer)
    def patch(self, request: SignedInRequest, project_id: int) -> Response:
        """Change it, also for the tasks that are open already."""
        project = project_get_for(request.user, project_id, Membership.Role.MANAGER)
        body = WeightsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(weights_set(actor=request.user, project=project, weights=body.validated_data))


class StoppedTaskListView(APIView):
    @extend_schema(operation_id="stopped_task_list", parameters=[CURSOR], responses=StoppedTaskPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Tasks that many skipped, with why; the newest first."""
        project = project_get_for(request.user, project_id, Membership.Role.MANAGER)
        return Response(page_of(request, selectors.tasks_stopped(project), StoppedTaskSerializer))


class StoppedTaskReopenView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="stopped_task_reopen", request=ReopenInputSerializer, responses={204: None})
    def post(self, request: SignedInRequest, project_id: int, task_id: int) -> Response:
        """Offers a stopped task again, to people who have not skipped it and who have the abilities given here."""
        task = selectors.task_stopped_get_for(request.user, project_id, task_id)
        body = ReopenInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        task_reopen(actor=request.user, task=task, **body.validated_data)
        return Response(status=204)
