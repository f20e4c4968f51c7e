"""Endpoints of rounds: the board, a new round, and what a person does to a stage."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest
from labeling.feedback.selectors import STAFF
from labeling.loop import selectors, services
from labeling.loop.recipe import default_recipe
from labeling.loop.serializers import (
    RecipeSerializer,
    RoundInputSerializer,
    RoundPageSerializer,
    RoundRowSerializer,
    RoundSerializer,
    StageActInputSerializer,
)
from labeling.rounds.models import Membership
from labeling.rounds.selectors import project_get_for


class RoundListView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="round_list", parameters=[CURSOR], responses=RoundPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Rounds, newest first."""
        project = project_get_for(request.user, project_id, *STAFF)
        return Response(page_of(request, selectors.rounds_of(project), RoundRowSerializer))

    @extend_schema(operation_id="round_create", request=RoundInputSerializer, responses={201: RoundSerializer})
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Starts a round by this recipe, or by the default one."""
        project = project_get_for(request.user, project_id, Membership.Role.MANAGER)
        body = RoundInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        started = services.round_start(project=project, actor=request.user, recipe=body.validated_data.get("recipe"))
        found = selectors.round_get_for(request.user, project_id, started.number)
        return Response(RoundSerializer(selectors.board_get(request.user, found)).data, status=201)


class DefaultRecipeView(APIView):
    @extend_schema(operation_id="round_default_recipe", responses=RecipeSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """The recipe of a round when none is given."""
        project_get_for(request.user, project_id, *STAFF)
        return Response(RecipeSerializer({"recipe": default_recipe()}).data)


class RoundView(APIView):
    @extend_schema(operation_id="round_detail", responses=RoundSerializer)
    def get(self, request: SignedInRequest, project_id: int, number: int) -> Response:
        """A round with every stage: its counts, why it waits, and what I may do."""
        found = selectors.round_get_for(request.user, project_id, number)
        return Response(RoundSerializer(selectors.board_get(request.user, found)).data)


class StageActView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="stage_act", request=StageActInputSerializer, responses=RoundSerializer)
    def post(self, request: SignedInRequest, project_id: int, number: int, position: int) -> Response:
        """Starts, closes, skips, retries, approves or rejects."""
        found = selectors.round_get_for(request.user, project_id, number)
        body = StageActInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.stage_act(found, position, body.validated_data["action"], request.user, body.validated_data["note"])
        found = selectors.round_get_for(request.user, project_id, number)
        return Response(RoundSerializer(selectors.board_get(request.user, found)).data)
