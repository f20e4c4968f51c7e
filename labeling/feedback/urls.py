"""URLs of tasks and answers, below /api/v1/."""

from django.urls import path

from labeling.feedback import api_browse, api_chats, api_labeling, api_red_team, chat_stream

urlpatterns = [
    path("projects/<int:project_id>/labeling/summary", api_labeling.LabelingSummaryView.as_view()),
    path("projects/<int:project_id>/labeling/claim", api_labeling.ClaimView.as_view()),
    path("projects/<int:project_id>/labeling/preferences", api_labeling.LabelingPreferencesView.as_view()),
    path("projects/<int:project_id>/labeling/notice", api_labeling.LabelingNoticeView.as_view()),
    path("projects/<int:project_id>/labeling/weights", api_browse.WeightsView.as_view()),
    path("projects/<int:project_id>/stopped-tasks", api_browse.StoppedTaskListView.as_view()),
    path("projects/<int:project_id>/stopped-tasks/<int:task_id>/reopen", api_browse.StoppedTaskReopenView.as_view()),
    path("places/<int:place_id>/heartbeat", api_labeling.PlaceHeartbeatView.as_view()),
    path("places/<int:place_id>/draft", api_labeling.PlaceDraftView.as_view()),
    path("places/<int:place_id>/release", api_labeling.PlaceReleaseView.as_view()),
    path("places/<int:place_id>/skip", api_labeling.PlaceSkipView.as_view()),
    path("places/<int:place_id>/submit", api_labeling.PlaceSubmitView.as_view()),
    path("places/<int:place_id>/chat", api_chats.ChatView.as_view()),
    path("places/<int:place_id>/chat/turns", api_chats.ChatTurnView.as_view()),
    path("places/<int:place_id>/chat/retry", api_chats.ChatRetryView.as_view()),
    path("places/<int:place_id>/chat/stream", chat_stream.chat_stream),
    path("projects/<int:project_id>/chats", api_chats.ChatBatchListView.as_view()),
    path("projects/<int:project_id>/chats/<int:batch_id>/close", api_chats.ChatBatchCloseView.as_view()),
    path("projects/<int:project_id>/attacks", api_red_team.AttackListView.as_view()),
    path("projects/<int:project_id>/prompts/<int:prompt_id>", api_browse.PromptDetailView.as_view()),
    path("projects/<int:project_id>/prompts/<int:prompt_id>/redact", api_browse.PromptRedactView.as_view()),
    path("projects/<int:project_id>/completions/<int:completion_id>/redact", api_browse.CompletionRedactView.as_view()),
    path("projects/<int:project_id>/demonstrations", api_browse.DemonstrationListView.as_view()),
    path("projects/<int:project_id>/rankings", api_browse.RankingListView.as_view()),
]
