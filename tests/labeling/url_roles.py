"""Who may do what: every URL and method of the API, and the roles of a project that it serves.

Other members are answered 403, strangers to the project 404, and people who are not signed in 401, except where ANYBODY may.
An administrator may do everything.
"""

LABELER, MANAGER, ENGINEER = "labeler", "manager", "engineer"
STAFF = {MANAGER, ENGINEER}
MEMBERS = {LABELER, MANAGER, ENGINEER}
SIGNED_IN = MEMBERS | {"stranger"}
ANYBODY = SIGNED_IN | {"anonymous"}
PROJECT = "projects/<int:project_id>"
RUN = "runs/<int:run_id>"
CHECKPOINT = "checkpoints/<int:checkpoint_id>"
PLACE = "places/<int:place_id>"

URL_ROLES: dict[tuple[str, str], set[str]] = {
    ("GET", "session"): ANYBODY,
    ("POST", "session"): ANYBODY,
    ("DELETE", "session"): ANYBODY,
    ("GET", "invitations/<str:token>"): ANYBODY,
    ("POST", "invitations/<str:token>/accept"): ANYBODY,
    ("PUT", "password"): SIGNED_IN,
    ("GET", "tokens"): SIGNED_IN,
    ("POST", "tokens"): SIGNED_IN,
    ("DELETE", "tokens/<int:token_id>"): {MANAGER},  # the token in the sweep is the manager's own
    ("GET", "projects"): SIGNED_IN,
    ("POST", "projects"): STAFF | {"stranger"},  # the stranger manages another project
    ("GET", PROJECT): MEMBERS,
    ("PATCH", PROJECT): {MANAGER},
    ("GET", f"{PROJECT}/guidelines"): MEMBERS,
    ("POST", f"{PROJECT}/guidelines"): {MANAGER},
    ("POST", f"{PROJECT}/guidelines/<int:number>/acknowledge"): {LABELER},
    ("GET", f"{PROJECT}/label-schemas"): MEMBERS,
    ("POST", f"{PROJECT}/label-schemas"): {MANAGER},
    ("GET", f"{PROJECT}/people"): {MANAGER},
    ("PATCH", f"{PROJECT}/people/<int:user_id>"): {MANAGER},
    ("GET", f"{PROJECT}/invitations"): {MANAGER},
    ("POST", f"{PROJECT}/invitations"): {MANAGER},
    ("DELETE", f"{PROJECT}/invitations/<int:invitation_id>"): {MANAGER},
    ("GET", f"{PROJECT}/imports"): STAFF,
    ("POST", f"{PROJECT}/imports"): STAFF,
    ("GET", f"{PROJECT}/imports/<int:import_id>"): STAFF,
    ("GET", f"{PROJECT}/prompts"): STAFF,
    ("GET", f"{PROJECT}/prompts/<int:prompt_id>"): STAFF,
    ("POST", f"{PROJECT}/prompts/<int:prompt_id>/redact"): {MANAGER},
    ("POST", f"{PROJECT}/completions/<int:completion_id>/redact"): {MANAGER},
    ("GET", f"{PROJECT}/demonstrations"): STAFF,
    ("GET", f"{PROJECT}/rankings"): STAFF,
    ("GET", f"{PROJECT}/labeling/summary"): {LABELER},
    ("POST", f"{PROJECT}/labeling/claim"): {LABELER},
    ("GET", f"{PROJECT}/stopped-tasks"): {MANAGER},
    ("POST", f"{PROJECT}/stopped-tasks/<int:task_id>/reopen"): {MANAGER},
    ("PATCH", f"{PROJECT}/labeling/preferences"): {LABELER},
    ("GET", f"{PROJECT}/labeling/notice"): {LABELER},
    ("GET", f"{PROJECT}/labeling/weights"): STAFF,
    ("PATCH", f"{PROJECT}/labeling/weights"): {MANAGER},
    ("POST", f"{PROJECT}/labeling/notice"): {LABELER},
    ("POST", f"{PLACE}/heartbeat"): {LABELER},
    ("PUT", f"{PLACE}/draft"): {LABELER},
    ("POST", f"{PLACE}/release"): {LABELER},
    ("POST", f"{PLACE}/skip"): {LABELER},
    ("POST", f"{PLACE}/submit"): {LABELER},
    ("GET", f"{PLACE}/chat"): {LABELER},
    ("POST", f"{PLACE}/chat/turns"): {LABELER},
    ("POST", f"{PLACE}/chat/retry"): {LABELER},
    ("GET", f"{PLACE}/chat/stream"): {LABELER},
    ("GET", f"{PROJECT}/chats"): {MANAGER},
    ("POST", f"{PROJECT}/chats"): {MANAGER},
    ("POST", f"{PROJECT}/chats/<int:batch_id>/close"): {MANAGER},
    ("GET", f"{PROJECT}/attacks"): STAFF,
    ("GET", f"{PROJECT}/training/options"): STAFF,
    ("GET", f"{PROJECT}/snapshots"): STAFF,
    ("POST", f"{PROJECT}/snapshots"): {ENGINEER},
    ("GET", f"{PROJECT}/runs"): STAFF,
    ("POST", f"{PROJECT}/runs"): {ENGINEER},
    ("GET", RUN): STAFF,
    ("GET", f"{RUN}/metrics"): STAFF,
    ("GET", f"{RUN}/log"): STAFF,
    ("GET", f"{RUN}/stream"): STAFF,
    ("POST", f"{RUN}/cancel"): {ENGINEER},
    ("POST", f"{RUN}/retry"): {ENGINEER},
    ("GET", f"{PROJECT}/stream"): STAFF,
    ("GET", f"{PROJECT}/checkpoints"): STAFF,
    ("POST", f"{PROJECT}/checkpoints"): {ENGINEER},
    ("GET", CHECKPOINT): STAFF,
    ("POST", f"{CHECKPOINT}/publish"): {ENGINEER},
    ("POST", f"{CHECKPOINT}/sample"): {ENGINEER},
    ("GET", f"{PROJECT}/compare"): STAFF,
    ("GET", f"{PROJECT}/evaluations"): STAFF,
    ("GET", f"{PROJECT}/corpora"): STAFF,
    ("GET", f"{PROJECT}/rounds"): STAFF,
    ("POST", f"{PROJECT}/rounds"): {MANAGER},
    ("GET", f"{PROJECT}/rounds/default-recipe"): STAFF,
    ("GET", f"{PROJECT}/rounds/<int:number>"): STAFF,
    ("POST", f"{PROJECT}/rounds/<int:number>/stages/<int:position>/act"): STAFF,
    ("GET", f"{PROJECT}/quality/agreement"): STAFF,
    ("GET", f"{PROJECT}/quality/labelers"): {MANAGER},
    ("GET", f"{PROJECT}/quality/mine"): {LABELER},
    ("GET", f"{PROJECT}/quality/provenance"): {MANAGER},
    ("GET", f"{PROJECT}/quality/progress"): STAFF,
    ("GET", f"{PROJECT}/quality/win-rates"): STAFF,
}
