"""URLs of sessions, projects and what belongs to them, below /api/v1/."""

from django.urls import path

from labeling.rounds import api_imports, api_projects, api_session

urlpatterns = [
    path("session", api_session.SessionView.as_view()),
    path("invitations/<str:token>", api_session.InvitationShownView.as_view()),
    path("invitations/<str:token>/accept", api_session.InvitationAcceptView.as_view()),
    path("projects", api_projects.ProjectListView.as_view()),
    path("projects/<int:project_id>", api_projects.ProjectView.as_view()),
    path("projects/<int:project_id>/guidelines", api_projects.GuidelineListView.as_view()),
    path(
        "projects/<int:project_id>/guidelines/<int:number>/acknowledge", api_projects.GuidelineAcknowledgeView.as_view()
    ),
    path("projects/<int:project_id>/label-schemas", api_projects.LabelSchemaListView.as_view()),
    path("projects/<int:project_id>/people", api_projects.PersonListView.as_view()),
    path("projects/<int:project_id>/people/<int:user_id>", api_projects.PersonView.as_view()),
    path("projects/<int:project_id>/invitations", api_projects.InvitationListView.as_view()),
    path("projects/<int:project_id>/invitations/<int:invitation_id>", api_projects.InvitationView.as_view()),
    path("projects/<int:project_id>/imports", api_imports.ImportListView.as_view()),
    path("projects/<int:project_id>/imports/<int:import_id>", api_imports.ImportView.as_view()),
    path("projects/<int:project_id>/prompts", api_imports.PromptListView.as_view()),
]
