"""URLs of rounds, below /api/v1/."""

from django.urls import path

from labeling.loop import api

urlpatterns = [
    path("projects/<int:project_id>/rounds", api.RoundListView.as_view()),
    path("projects/<int:project_id>/rounds/default-recipe", api.DefaultRecipeView.as_view()),
    path("projects/<int:project_id>/rounds/<int:number>", api.RoundView.as_view()),
    path("projects/<int:project_id>/rounds/<int:number>/stages/<int:position>/act", api.StageActView.as_view()),
]
