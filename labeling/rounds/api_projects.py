"""Projects, their guidelines, label schemas and people."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.api_pages import CURSOR, page_of, page_whole
from labeling.api_request import SignedInRequest, number_given
from labeling.rounds import selectors, serializers
from labeling.rounds.models import GuidelineVersion, LabelSchemaVersion, Project
from labeling.rounds.people import invitation_create, invitation_revoke, person_update
from labeling.rounds.selectors import MANAGER, project_get_for
from labeling.rounds.services import (
    guideline_acknowledge,
    guideline_create,
    label_schema_create,
    project_create,
    project_create_check,
    project_update,
)

NUMBER = OpenApiParameter("number", int)
ProjectPage = serializers.page("Project", serializers.ProjectSerializer)
GuidelinePage = serializers.page("Guideline", serializers.GuidelineSerializer)
LabelSchemaPage = serializers.page("LabelSchema", serializers.LabelSchemaVersionSerializer)
PersonPage = serializers.page("Person", serializers.PersonSerializer)
InvitationPage = serializers.page("Invitation", serializers.InvitationSerializer)


def project_reply(request: SignedInRequest, project: Project, status: int = 200) -> Response:
    context = {"roles": selectors.roles_by_project(request.user)}
    return Response(serializers.ProjectSerializer(project, context=context).data, status=status)


class ProjectListView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="project_list", responses=ProjectPage)
    def get(self, request: SignedInRequest) -> Response:
        """The projects that the person works in, with their roles."""
        roles = selectors.roles_by_project(request.user)
        projects = list(selectors.projects_for(request.user))
        return Response(page_whole(projects, serializers.ProjectSerializer, roles=roles))

    @extend_schema(
        operation_id="project_create",
        request=serializers.ProjectInputSerializer,
        responses={201: serializers.ProjectSerializer},
    )
    def post(self, request: SignedInRequest) -> Response:
        """Make a project; the person becomes its manager and engineer."""
        project_create_check(request.user)
        body = serializers.ProjectInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return project_reply(request, project_create(actor=request.user, **body.validated_data), status=201)


class ProjectView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="project_get", responses=serializers.ProjectSerializer)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """One project."""
        return project_reply(request, project_get_for(request.user, project_id))

    @extend_schema(
        operation_id="project_update",
        request=serializers.ProjectChangeSerializer,
        responses=serializers.ProjectSerializer,
    )
    def patch(self, request: SignedInRequest, project_id: int) -> Response:
        """Change the name, the description, the length of a lease, or archive the project."""
        project = project_get_for(request.user, project_id, MANAGER)
        body = serializers.ProjectChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return project_reply(request, project_update(actor=request.user, project=project, changes=body.validated_data))


class GuidelineListView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="guideline_list", parameters=[CURSOR, NUMBER], responses=GuidelinePage)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Versions of the guideline, newest first; with `number` that version alone."""
        project = project_get_for(request.user, project_id)
        versions = GuidelineVersion.objects.filter(project=project)
        if number := number_given(request, "number", 0):
            versions = versions.filter(number=number)
        return Response(page_of(request, versions, serializers.GuidelineSerializer))

    @extend_schema(
        operation_id="guideline_create",
        request=serializers.GuidelineInputSerializer,
        responses={201: serializers.GuidelineSerializer},
    )
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Write the next version; tasks made from now on name it."""
        project = project_get_for(request.user, project_id, MANAGER)
        body = serializers.GuidelineInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = guideline_create(actor=request.user, project=project, text=body.validated_data["text"])
        return Response(serializers.GuidelineSerializer(version).data, status=201)


class GuidelineAcknowledgeView(APIView):
    token_scope = "label"

    @extend_schema(operation_id="guideline_acknowledge", request=None, responses={204: None})
    def post(self, request: SignedInRequest, project_id: int, number: int) -> Response:
        """I have read the newest version of the guidelines; until then a changed one gives me no task."""
        project = project_get_for(request.user, project_id, selectors.LABELER)
        guideline_acknowledge(user=request.user, project=project, number=number)
        return Response(status=204)


class LabelSchemaListView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="label_schema_list", parameters=[CURSOR], responses=LabelSchemaPage)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Versions of the label schema, newest first."""
        project = project_get_for(request.user, project_id)
        versions = LabelSchemaVersion.objects.filter(project=project)
        return Response(page_of(request, versions, serializers.LabelSchemaVersionSerializer))

    @extend_schema(
        operation_id="label_schema_create",
        request=serializers.LabelSchemaInputSerializer,
        responses={201: serializers.LabelSchemaVersionSerializer},
    )
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Add the next version; tasks made from now on ask for it."""
        project = project_get_for(request.user, project_id, MANAGER)
        schema = request.data.get("schema") if isinstance(request.data, dict) else None
        version = label_schema_create(actor=request.user, project=project, schema=schema)
        return Response(serializers.LabelSchemaVersionSerializer(version).data, status=201)


class PersonListView(APIView):
    @extend_schema(operation_id="person_list", parameters=[CURSOR], responses=PersonPage)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Who works in the project, as what, and how much they have done."""
        people = selectors.people_for(request.user, project_id)
        return Response(page_of(request, people, serializers.PersonSerializer))


class PersonView(APIView):
    token_scope = "manage"

    @extend_schema(
        operation_id="person_update",
        request=serializers.PersonChangeSerializer,
        responses=serializers.PersonSerializer,
    )
    def patch(self, request: SignedInRequest, project_id: int, user_id: int) -> Response:
        """Set a person's roles and abilities here, or deactivate their account. Their labels keep their name."""
        person = selectors.person_get_for(request.user, project_id, user_id)
        project = project_get_for(request.user, project_id, MANAGER)
        body = serializers.PersonChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person_update(actor=request.user, project=project, person=person, **body.validated_data)
        person.roles_here = list(person.memberships.filter(project=project))  # type: ignore[attr-defined]
        return Response(serializers.PersonSerializer(person).data)


class InvitationListView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="invitation_list", parameters=[CURSOR], responses=InvitationPage)
    def get(self, request: SignedInRequest, project_id: int) -> Response:
        """Invitations to the project, newest first."""
        invitations = selectors.invitations_for(request.user, project_id)
        return Response(page_of(request, invitations, serializers.InvitationSerializer))

    @extend_schema(
        operation_id="invitation_create",
        request=serializers.InvitationInputSerializer,
        responses={201: serializers.InvitationCreatedSerializer},
    )
    def post(self, request: SignedInRequest, project_id: int) -> Response:
        """Make a link that lets one person join; it is in this reply only."""
        project = project_get_for(request.user, project_id, MANAGER)
        body = serializers.InvitationInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        invitation, token = invitation_create(actor=request.user, project=project, **body.validated_data)
        url = request.build_absolute_uri(f"/invitations/{token}")
        return Response({**serializers.InvitationSerializer(invitation).data, "url": url}, status=201)


class InvitationView(APIView):
    token_scope = "manage"

    @extend_schema(operation_id="invitation_revoke", responses={204: None})
    def delete(self, request: SignedInRequest, project_id: int, invitation_id: int) -> Response:
        """Take an invitation back: its link works no more."""
        invitation = selectors.invitation_get_for(request.user, project_id, invitation_id)
        invitation_revoke(actor=request.user, invitation=invitation)
        return Response(status=204)
