"""Endpoints of quality: agreement, labelers, my own figures, progress, win rates."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.agreement import selectors
from labeling.agreement.serializers import (
    AgreementSerializer,
    LabelersQualitySerializer,
    MyQualitySerializer,
    ProgressSerializer,
    ProvenanceSerializer,
    WinRatesSerializer,
)
from labeling.api_request import SignedInRequest, number_given

ROUND = OpenApiParameter("round", int, description="Number of the round; absent for all.")


class AgreementView(APIView):
    @extend_schema(operation_id="quality_agreement", parameters=[ROUND], responses=AgreementSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """How far labelers agree, by every measure, with intervals; by kind, category and day."""
        found = selectors.agreement_get_for(request.user, project_id, number_given(request, "round", 0) or None)
        return Response(AgreementSerializer(found).data)


class LabelersView(APIView):
    @extend_schema(operation_id="quality_labelers", responses=LabelersQualitySerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Agreement, difficulty-adjusted score and reliability of each labeler, and of the pairs that met most."""
        return Response(LabelersQualitySerializer(selectors.labelers_get_for(request.user, project_id)).data)


class MyQualityView(APIView):
    @extend_schema(operation_id="quality_mine", responses=MyQualitySerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """My own figures as a labeler."""
        return Response(MyQualitySerializer(selectors.mine_get_for(request.user, project_id)).data)


class ProvenanceView(APIView):
    @extend_schema(operation_id="quality_provenance", responses=ProvenanceSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """How each labeler's answers were made: typing time, pasted share, edits, declared use of AI."""
        rows = selectors.provenance_get_for(request.user, project_id)
        return Response(ProvenanceSerializer({"labelers": rows}).data)


class ProgressView(APIView):
    @extend_schema(operation_id="quality_progress", responses=ProgressSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Progress and forecast of each stage, answers of each day, seconds of each kind."""
        return Response(ProgressSerializer(selectors.progress_get_for(request.user, project_id)).data)


class WinRatesView(APIView):
    @extend_schema(operation_id="quality_win_rates", responses=WinRatesSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Win rates of all compared checkpoints against the oldest, raw and at equal length."""
        return Response(WinRatesSerializer(selectors.win_rates_get_for(request.user, project_id)).data)
