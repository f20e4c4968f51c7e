"""Endpoints of checkpoints, the sampling box, comparisons, evaluations and corpora."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.accounts.models import User
from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest, choices_given, number_given, text_given
from labeling.errors import InvalidInput
from labeling.feedback.selectors import STAFF
from labeling.rounds.models import Checkpoint
from labeling.rounds.selectors import project_get_for
from labeling.training import selectors
from labeling.training.checkpoints import base_register, checkpoint_publish
from labeling.training.sampling import sample_text
from labeling.training.serializers import (
    CheckpointDetailSerializer,
    CheckpointInputSerializer,
    CheckpointLineageSerializer,
    CheckpointPageSerializer,
    CheckpointSerializer,
    ComparedPageSerializer,
    ComparedSerializer,
    CorpusPageSerializer,
    CorpusSerializer,
    EvaluationPageSerializer,
    EvaluationSerializer,
    SampleInputSerializer,
    SampleSerializer,
)

SEARCH = OpenApiParameter("search", str, description="Part of the name, or the id.")
ROLES = OpenApiParameter("role", str, many=True, enum=Checkpoint.Role.values)
ROUND = OpenApiParameter("round", int, description="Number of a round.")


def checkpoint_json(user: User, checkpoint_id: int) -> dict[str, object]:
    """A checkpoint as its own page shows it."""
    checkpoint = selectors.checkpoint_get_for(user, checkpoint_id)
    lineage = CheckpointLineageSerializer(selectors.checkpoint_lineage(checkpoint)).data
    return {**CheckpointSerializer(checkpoint).data, "uri": checkpoint.uri, "card": checkpoint.card, **lineage}


class CheckpointListView(APIView):
    token_scope = "train"

    @extend_schema(
        operation_id="checkpoint_list", parameters=[CURSOR, ROLES, SEARCH], responses=CheckpointPageSerializer
    )
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Checkpoints, newest first."""
        project = project_get_for(request.user, project_id, *STAFF)
        roles = choices_given(request, "role", Checkpoint.Role.values)
        checkpoints = selectors.checkpoints_of(project, roles=roles, search=text_given(request, "search"))
        return Response(page_of(request, checkpoints, CheckpointSerializer))

    @extend_schema(
        operation_id="checkpoint_create", request=CheckpointInputSerializer, responses={201: CheckpointDetailSerializer}
    )
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Registers a base: a folder below MODELS_DIR or a model on the hub."""
        project = project_get_for(request.user, project_id, selectors.ENGINEER)
        body = CheckpointInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        checkpoint = base_register(project=project, actor=request.user, **body.validated_data)
        return Response(checkpoint_json(request.user, checkpoint.pk), status=201)


class CheckpointView(APIView):
    @extend_schema(operation_id="checkpoint_detail", responses=CheckpointDetailSerializer)
    def get(self, request: SignedInRequest, checkpoint_id: int) -> Response:
        """A checkpoint with its lineage both ways."""
        return Response(checkpoint_json(request.user, checkpoint_id))


class CheckpointPublishView(APIView):
    token_scope = "train"

    @extend_schema(operation_id="checkpoint_publish", request=None, responses=CheckpointDetailSerializer)
    def post(self, request: SignedInRequest, checkpoint_id: int) -> Response:
        """Makes a policy the published one; the one before is retired."""
        checkpoint = selectors.checkpoint_get_for(request.user, checkpoint_id, selectors.ENGINEER)
        checkpoint_publish(checkpoint=checkpoint, actor=request.user)
        return Response(checkpoint_json(request.user, checkpoint_id))


class CheckpointSampleView(APIView):
    token_scope = "train"

    @extend_schema(operation_id="checkpoint_sample", request=SampleInputSerializer, responses=SampleSerializer)
    def post(self, request: SignedInRequest, checkpoint_id: int) -> Response:
        """Lets a checkpoint write, and shows each token's probability and the five most likely ones."""
        checkpoint = selectors.checkpoint_get_for(request.user, checkpoint_id, selectors.ENGINEER)
        body = SampleInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(SampleSerializer(sample_text(checkpoint, body.validated_data)).data)


def compared_checkpoint(request: SignedInRequest, project_id: int, name: str) -> Checkpoint:
    checkpoint = selectors.checkpoint_get_for(request.user, number_given(request, name))
    if checkpoint.project_id != project_id:
        raise InvalidInput(f"Checkpoint {checkpoint.pk} belongs to another project.", {name: "another project"})
    return checkpoint


class CompareView(APIView):
    @extend_schema(
        operation_id="compare",
        parameters=[OpenApiParameter("a", int, required=True), OpenApiParameter("b", int, required=True), CURSOR],
        responses=ComparedPageSerializer,
    )
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Completions of two checkpoints for the same prompts, side by side."""
        project = project_get_for(request.user, project_id, *STAFF)
        a, b = compared_checkpoint(request, project_id, "a"), compared_checkpoint(request, project_id, "b")
        prompts = selectors.prompts_compared(project, a, b)
        return Response(page_of(request, prompts, ComparedSerializer, lambda shown: {"a": a.pk, "b": b.pk}))


class EvaluationListView(APIView):
    @extend_schema(operation_id="evaluation_list", parameters=[CURSOR, ROUND], responses=EvaluationPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Win rates, newest first; with `round` those of that round."""
        project = project_get_for(request.user, project_id, *STAFF)
        evaluations = selectors.evaluations_of(project, round_number=number_given(request, "round", 0))
        return Response(page_of(request, evaluations, EvaluationSerializer))


class CorpusListView(APIView):
    @extend_schema(operation_id="corpus_list", parameters=[CURSOR, SEARCH], responses=CorpusPageSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Texts for pretraining, newest first."""
        project = project_get_for(request.user, project_id, *STAFF)
        corpora = selectors.corpora_of(project, search=text_given(request, "search"))
        return Response(page_of(request, corpora, CorpusSerializer))
