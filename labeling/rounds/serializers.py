"""The JSON of projects, people, invitations, imports and prompts. Explicit fields only."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.accounts.models import Contractor, User
from labeling.api_request import finite
from labeling.rounds.label_schemas import DEFAULT_PAIRWISE_SCALE, PAIRWISE_SCALES
from labeling.rounds.models import GuidelineVersion, Import, Invitation, LabelSchemaVersion, Membership, Project, Prompt


class UserBriefSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "display_name"]


class SessionUserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "display_name", "is_superuser"]


class SessionProjectSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.CharField()
    is_archived = serializers.BooleanField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Membership.Role.choices))


class SessionSerializer(serializers.Serializer[Any]):
    user = SessionUserSerializer(allow_null=True)
    csrf_token = serializers.CharField()
    projects = SessionProjectSerializer(many=True)


class SignInSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class ProjectSerializer(serializers.ModelSerializer[Project]):
    roles = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = [
            "id",
            "name",
            "slug",
            "description",
            "lease_seconds",
            "is_archived",
            "asks_ai_use",
            "repeat_share",
            "repeat_after_hours",
            "repeat_after_answers",
            "created_at",
            "roles",
        ]

    def get_roles(self, project: Project) -> list[str]:
        return list(self.context["roles"].get(project.pk, []))


class ProjectInputSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=128)
    slug = serializers.SlugField(max_length=64)
    description = serializers.CharField(required=False, allow_blank=True, default="")


class ProjectChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=128, required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    lease_seconds = serializers.IntegerField(required=False, min_value=30, max_value=86_400)
    is_archived = serializers.BooleanField(required=False)
    asks_ai_use = serializers.BooleanField(required=False, help_text="Labelers say of each answer whether AI helped.")
    repeat_share = serializers.FloatField(
        required=False, min_value=0, max_value=0.5, validators=[finite],
        help_text="Of each labeler's rankings and pairs, how many they meet again, to see how far they agree with themselves.",
    )  # fmt: skip
    repeat_after_hours = serializers.IntegerField(required=False, min_value=1, max_value=720)
    repeat_after_answers = serializers.IntegerField(
        required=False, min_value=0, max_value=1000, help_text="Other answers that come between."
    )


class GuidelineSerializer(serializers.ModelSerializer[GuidelineVersion]):
    class Meta:
        model = GuidelineVersion
        fields = ["id", "number", "text", "created_at"]


class GuidelineInputSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=200_000)


class LabelAxisSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    low = serializers.CharField(help_text="What the lowest rating means.")
    high = serializers.CharField(help_text="What the highest rating means.")
    minimum = serializers.IntegerField()
    maximum = serializers.IntegerField()
    is_required = serializers.BooleanField(default=False, help_text="Each completion of a ranking must be rated on it.")


class LabelFlagSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class LabelSchemaSerializer(serializers.Serializer[Any]):
    axes = LabelAxisSerializer(many=True)
    flags = LabelFlagSerializer(many=True)
    pairwise_scale = serializers.ChoiceField(
        choices=PAIRWISE_SCALES,
        default=DEFAULT_PAIRWISE_SCALE,
        help_text="Four levels of being better, or nine points with a middle.",
    )
    use_cases = LabelFlagSerializer(many=True, default=list, help_text="What a prompt may be for.")
    prompt_flags = LabelFlagSerializer(many=True, default=list, help_text="What may be said of a prompt.")
    harm_categories = LabelFlagSerializer(many=True, default=list, help_text="What harm a red-team chat sought.")
    attack_kinds = LabelFlagSerializer(many=True, default=list, help_text="How a red-team chat attacked.")
    success_levels = LabelFlagSerializer(
        many=True, default=list, help_text="How far it went, from not at all to fully."
    )


class LabelSchemaVersionSerializer(serializers.ModelSerializer[LabelSchemaVersion]):
    schema = LabelSchemaSerializer()

    class Meta:
        model = LabelSchemaVersion
        fields = ["id", "number", "schema", "created_at"]


class LabelSchemaInputSerializer(serializers.Serializer[Any]):
    schema = LabelSchemaSerializer()


class ContractorSerializer(serializers.ModelSerializer[Contractor]):
    class Meta:
        model = Contractor
        fields = ["agency", "contract", "status"]


class AnswerCountsSerializer(serializers.Serializer[Any]):
    """Tasks answered; not what edits made beside an answer."""

    demonstrations = serializers.IntegerField(source="num_demonstrations")
    rankings = serializers.IntegerField(source="num_rankings", help_text="Pairs too.")
    chats = serializers.IntegerField(source="num_chats", help_text="Red-team chats too.")


class PersonSerializer(serializers.Serializer[User]):
    user = UserBriefSerializer(source="*")
    roles = serializers.SerializerMethodField()
    languages = serializers.SerializerMethodField()
    expertise = serializers.SerializerMethodField()
    is_active = serializers.BooleanField()
    contractor = serializers.SerializerMethodField()
    counts = AnswerCountsSerializer(source="*")

    def get_roles(self, person: User) -> list[str]:
        return sorted(membership.role for membership in person.roles_here)  # type: ignore[attr-defined]

    def get_languages(self, person: User) -> list[str]:
        return sorted(code for membership in person.roles_here for code in membership.languages)  # type: ignore[attr-defined]

    def get_expertise(self, person: User) -> list[str]:
        return sorted(tag for membership in person.roles_here for tag in membership.expertise)  # type: ignore[attr-defined]

    @extend_schema_field(ContractorSerializer(allow_null=True))
    def get_contractor(self, person: User) -> dict[str, Any] | None:
        contractor = getattr(person, "contractor", None)
        return ContractorSerializer(contractor).data if contractor else None


class PersonChangeSerializer(serializers.Serializer[Any]):
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Membership.Role.choices), required=False)
    is_active = serializers.BooleanField(required=False)
    languages = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Codes of languages that a labeler reads, such as de."
    )
    expertise = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Tags of what a labeler knows, such as medicine."
    )


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "created_at", "expires_at", "accepted_at"]


class InvitationCreatedSerializer(InvitationSerializer):
    url = serializers.CharField(help_text="The link to send to the person; shown only now.")

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "url"]


class InvitationInputSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)


class InvitationShownSerializer(serializers.ModelSerializer[Invitation]):
    project_name = serializers.CharField(source="project.name")
    invited_by = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = ["project_name", "role", "email", "invited_by", "expires_at"]

    def get_invited_by(self, invitation: Invitation) -> str:
        return invitation.invited_by.display_name or invitation.invited_by.username


class NewAccountSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    display_name = serializers.CharField(max_length=128, allow_blank=True, default="")
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class RowErrorSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    field = serializers.CharField()
    message = serializers.CharField()


class ImportSerializer(serializers.ModelSerializer[Import]):
    row_errors = RowErrorSerializer(many=True)

    class Meta:
        model = Import
        fields = ["id", "kind", "state", "file_name", "bytes_total", "bytes_done", "rows_done", "rows_refused",
                  "row_errors", "reason", "created_at", "finished_at"]  # fmt: skip


class ImportInputSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Import.Kind.choices)
    file = serializers.FileField(help_text="A .jsonl, .jsonl.gz, .jsonl.xz, .csv, .csv.gz or .csv.xz file.")


class MessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=["system", "user", "assistant"])
    content = serializers.CharField(allow_blank=True)


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    messages = MessageSerializer(many=True)
    is_redacted = serializers.SerializerMethodField()

    class Meta:
        model = Prompt
        fields = ["id", "external_id", "messages", "contributor", "origin", "split", "is_redacted", "created_at"]

    def get_is_redacted(self, prompt: Prompt) -> bool:
        return prompt.redacted_at is not None


def page(name: str, item: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of one page of `item`, for the schema."""
    fields = {
        "results": item(many=True),
        "next": serializers.CharField(allow_null=True),
        "count": serializers.IntegerField(),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), fields)
