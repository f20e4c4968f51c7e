"""Imports of files, and the prompts that they brought."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.api_pages import CURSOR, page_of
from labeling.api_request import SignedInRequest, choices_given, text_given
from labeling.rounds import selectors, serializers
from labeling.rounds.models import Import, Prompt
from labeling.rounds.selectors import ENGINEER, MANAGER, project_get_for
from labeling.rounds.uploads import import_create

ImportPage = serializers.page("Import", serializers.ImportSerializer)
PromptPage = serializers.page("Prompt", serializers.PromptSerializer)
SPLIT = OpenApiParameter("split", str, many=True, enum=Prompt.Split.values)
SEARCH = OpenApiParameter("search", str, description="Text inside the messages.")


class ImportListView(APIView):
    token_scope = "manage"
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="import_list", parameters=[CURSOR], responses=ImportPage)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Imports of the project, newest first."""
        imports = Import.objects.filter(project=project_get_for(request.user, project_id, MANAGER, ENGINEER))
        return Response(page_of(request, imports, serializers.ImportSerializer))

    @extend_schema(
        operation_id="import_create",
        request={"multipart/form-data": serializers.ImportInputSerializer},
        responses={201: serializers.ImportSerializer},
    )
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Upload a file; its rows are read in the background, and all of them enter or none."""
        project = project_get_for(request.user, project_id, MANAGER, ENGINEER)
        body = serializers.ImportInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        created = import_create(actor=request.user, project=project, **body.validated_data)
        return Response(serializers.ImportSerializer(created).data, status=201)


class ImportView(APIView):
    @extend_schema(operation_id="import_get", responses=serializers.ImportSerializer)
    def get(self, request: SignedInRequest, project_id: int, import_id: int) -> Response:
        """One import: how far it is, or why it was refused."""
        return Response(
            serializers.ImportSerializer(selectors.import_get_for(request.user, project_id, import_id)).data
        )


class PromptListView(APIView):
    @extend_schema(operation_id="prompt_list", parameters=[CURSOR, SPLIT, SEARCH], responses=PromptPage)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Prompts, newest first."""
        splits, search = choices_given(request, "split", Prompt.Split.values), text_given(request, "search")
        prompts = selectors.prompts_for(request.user, project_id, splits=splits, search=search)
        return Response(page_of(request, prompts, serializers.PromptSerializer))
