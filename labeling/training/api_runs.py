"""Endpoints of snapshots and training runs."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest, choices_given, number_given, text_given
from labeling.feedback.selectors import STAFF
from labeling.rounds.selectors import project_get_for
from labeling.training import selectors, services
from labeling.training.logs import log_read
from labeling.training.models import DatasetSnapshot, TrainingRun
from labeling.training.options import trainer_options
from labeling.training.serializers import (
    MetricsSerializer,
    RunCreateSerializer,
    RunLogSerializer,
    RunPageSerializer,
    RunSerializer,
    SnapshotInputSerializer,
    SnapshotPageSerializer,
    SnapshotSerializer,
    TrainingOptionsSerializer,
)

SEARCH = OpenApiParameter("search", str, description="Part of the name, or the id.")
NUMBER = OpenApiParameter("search", str, description="An id, or the number of a round.")
RUN_KINDS = OpenApiParameter("kind", str, many=True, enum=TrainingRun.Kind.values)
RUN_STATES = OpenApiParameter("state", str, many=True, enum=TrainingRun.State.values)
SNAPSHOT_KINDS = OpenApiParameter("kind", str, many=True, enum=DatasetSnapshot.Kind.values)
SNAPSHOT_STATES = OpenApiParameter("state", str, many=True, enum=DatasetSnapshot.State.values)
AFTER = OpenApiParameter("after", int, description="Only events with a higher sequence.")
OFFSET = OpenApiParameter("offset", int, description="Byte to read from: `next_offset` of the reply before.")


class TrainingOptionsView(APIView):
    @extend_schema(operation_id="training_options", responses=TrainingOptionsSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """The options of every trainer, to make a form from."""
        project_get_for(request.user, project_id, *STAFF)
        return Response(TrainingOptionsSerializer(trainer_options()).data)


class SnapshotListView(APIView):
    token_scope = "train"

    @extend_schema(
        operation_id="snapshot_list",
        parameters=[CURSOR, SNAPSHOT_KINDS, SNAPSHOT_STATES, NUMBER],
        responses=SnapshotPageSerializer,
    )
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Snapshots, newest first."""
        project = project_get_for(request.user, project_id, *STAFF)
        kinds = choices_given(request, "kind", DatasetSnapshot.Kind.values)
        states = choices_given(request, "state", DatasetSnapshot.State.values)
        search = text_given(request, "search")
        snapshots = selectors.snapshots_of(project, kinds=kinds, states=states, search=search)
        return Response(page_of(request, snapshots, SnapshotSerializer))

    @extend_schema(operation_id="snapshot_create", request=SnapshotInputSerializer, responses={201: SnapshotSerializer})
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Starts the export of a new snapshot."""
        project = project_get_for(request.user, project_id, selectors.ENGINEER)
        body = SnapshotInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        snapshot = services.snapshot_create(
            project=project, kind=given["kind"], filters=given.get("filters", {}), actor=request.user
        )
        return Response(SnapshotSerializer(snapshot).data, status=201)


class RunListView(APIView):
    token_scope = "train"

    @extend_schema(
        operation_id="run_list", parameters=[CURSOR, RUN_KINDS, RUN_STATES, SEARCH], responses=RunPageSerializer
    )
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Runs, newest first."""
        project = project_get_for(request.user, project_id, *STAFF)
        kinds = choices_given(request, "kind", TrainingRun.Kind.values)
        states = choices_given(request, "state", TrainingRun.State.values)
        runs = selectors.runs_of(project, kinds=kinds, states=states, search=text_given(request, "search"))
        return Response(page_of(request, runs, RunSerializer))

    @extend_schema(operation_id="run_create", request=RunCreateSerializer, responses={201: RunSerializer})
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Queues a run."""
        project = project_get_for(request.user, project_id, selectors.ENGINEER)
        body = RunCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        run = services.run_create(
            project=project, kind=given["kind"], name=given["name"], config=given["config"], actor=request.user,
            inputs=selectors.things_get(project, given["inputs"]),
        )  # fmt: skip
        return Response(RunSerializer(selectors.run_get_for(request.user, run.pk)).data, status=201)


class RunView(APIView):
    @extend_schema(operation_id="run_detail", responses=RunSerializer)
    def get(self, request: SignedInRequest, run_id: int) -> Response:
        """A run with its inputs, outputs, progress, summary and error."""
        return Response(RunSerializer(selectors.run_get_for(request.user, run_id)).data)


class RunMetricsView(APIView):
    @extend_schema(operation_id="run_metrics", parameters=[AFTER], responses=MetricsSerializer)
    def get(self, request: SignedInRequest, run_id: int) -> Response:
        """Events of a run in order, at most 2,000 a request."""
        run = selectors.run_get_for(request.user, run_id)
        after = number_given(request, "after", 0)
        points = selectors.metrics_after(run, after)
        last = points[-1].sequence if points else after
        return Response(MetricsSerializer({"results": points, "last_sequence": last}).data)


class RunLogView(APIView):
    @extend_schema(operation_id="run_log", parameters=[OFFSET], responses=RunLogSerializer)
    def get(self, request: SignedInRequest, run_id: int) -> Response:
        """A piece of the log of the run's current attempt."""
        run = selectors.run_get_for(request.user, run_id)
        text, next_offset = log_read(run, number_given(request, "offset", 0))
        return Response(RunLogSerializer({"text": text, "next_offset": next_offset}).data)


class RunCancelView(APIView):
    token_scope = "train"

    @extend_schema(operation_id="run_cancel", request=None, responses=RunSerializer)
    def post(self, request: SignedInRequest, run_id: int) -> Response:
        """Stops a live run."""
        run = selectors.run_get_for(request.user, run_id, selectors.ENGINEER)
        services.run_cancel(run, request.user)
        return Response(RunSerializer(selectors.run_get_for(request.user, run_id)).data)


class RunRetryView(APIView):
    token_scope = "train"

    @extend_schema(operation_id="run_retry", request=None, responses=RunSerializer)
    def post(self, request: SignedInRequest, run_id: int) -> Response:
        """Queues a failed or cancelled run again; it goes on from its last training state."""
        run = selectors.run_get_for(request.user, run_id, selectors.ENGINEER)
        services.run_retry(run, request.user)
        return Response(RunSerializer(selectors.run_get_for(request.user, run_id)).data)
