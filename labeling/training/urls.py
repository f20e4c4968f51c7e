"""URLs of snapshots, runs, checkpoints and live streams, below /api/v1/."""

from django.urls import path

from labeling.training import api_checkpoints, api_runs, streams

urlpatterns = [
    path("projects/<int:project_id>/training/options", api_runs.TrainingOptionsView.as_view()),
    path("projects/<int:project_id>/snapshots", api_runs.SnapshotListView.as_view()),
    path("projects/<int:project_id>/runs", api_runs.RunListView.as_view()),
    path("runs/<int:run_id>", api_runs.RunView.as_view()),
    path("runs/<int:run_id>/metrics", api_runs.RunMetricsView.as_view()),
    path("runs/<int:run_id>/log", api_runs.RunLogView.as_view()),
    path("runs/<int:run_id>/cancel", api_runs.RunCancelView.as_view()),
    path("runs/<int:run_id>/retry", api_runs.RunRetryView.as_view()),
    path("runs/<int:run_id>/stream", streams.run_stream),
    path("projects/<int:project_id>/stream", streams.project_stream),
    path("projects/<int:project_id>/checkpoints", api_checkpoints.CheckpointListView.as_view()),
    path("checkpoints/<int:checkpoint_id>", api_checkpoints.CheckpointView.as_view()),
    path("checkpoints/<int:checkpoint_id>/publish", api_checkpoints.CheckpointPublishView.as_view()),
    path("checkpoints/<int:checkpoint_id>/sample", api_checkpoints.CheckpointSampleView.as_view()),
    path("projects/<int:project_id>/compare", api_checkpoints.CompareView.as_view()),
    path("projects/<int:project_id>/evaluations", api_checkpoints.EvaluationListView.as_view()),
    path("projects/<int:project_id>/corpora", api_checkpoints.CorpusListView.as_view()),
]
