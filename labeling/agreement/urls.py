"""URLs of quality, below /api/v1/."""

from django.urls import path

from labeling.agreement import api

urlpatterns = [
    path("projects/<int:project_id>/quality/agreement", api.AgreementView.as_view()),
    path("projects/<int:project_id>/quality/labelers", api.LabelersView.as_view()),
    path("projects/<int:project_id>/quality/mine", api.MyQualityView.as_view()),
    path("projects/<int:project_id>/quality/provenance", api.ProvenanceView.as_view()),
    path("projects/<int:project_id>/quality/progress", api.ProgressView.as_view()),
    path("projects/<int:project_id>/quality/win-rates", api.WinRatesView.as_view()),
]
