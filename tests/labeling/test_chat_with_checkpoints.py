"""A labeler chats with two checkpoints through HTTP: turns, verdicts, reloads, failures, lost leases, and what training reads."""

import asyncio
import gzip
import json
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.accounts.models import User
from labeling.api_pages import PAGE_SIZE
from labeling.feedback import chat_stream, turns
from labeling.feedback.chat_models import ChatBatch, Conversation, Reply, Turn
from labeling.feedback.chat_serializers import turn_json
from labeling.feedback.claims import place_claim
from labeling.feedback.models import Completion, Demonstration, Place, Ranking
from labeling.feedback.services import completion_redact
from labeling.feedback.tasks import TaskSpec, tasks_create
from labeling.jobs.services import doorbell
from labeling.rounds.models import LabelSchemaVersion, Prompt
from labeling.rounds.splits import split_of
from labeling.training.exports import export_run
from labeling.training.services import snapshot_create
from tests.labeling.chat_cast import LABELS, SETTINGS, ChatCast, verdict, write_replies
from tests.labeling.feedback_cast import client_of, make_checkpoint, make_completions, make_user, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return ChatCast()


def hand_in(cast, held, shown, key="k1", **more):
    last = shown[-1]["replies"]
    return submit(
        cast.ann, held, key, {"num_turns": len(shown), "verdict": verdict(last, 1, 3), **more.pop("labels", {})}, **more
    )


def exported(cast, kind, tmp_path, settings):
    settings.STORAGE_URL = f"file://{tmp_path}"
    snapshot = snapshot_create(project=cast.project, kind=kind, filters={}, actor=None)
    export_run(snapshot.pk, lambda progress: True)
    packed = [path.read_bytes() for path in sorted(tmp_path.rglob("*-*.jsonl.gz"))]
    return [json.loads(line) for content in packed for line in gzip.decompress(content).splitlines()]


def in_train(cast):
    """A first message that falls into the split train, so that training reads the chat."""
    return next(text for n in range(99) if split_of([{"role": "user", "content": (text := f"Lamp {n}?")}]) == "train")


def test_a_chat_becomes_a_ranking_of_each_turn_that_the_trainers_read(cast, tmp_path, settings):
    assert cast.open().status_code == 201
    held = cast.claim()
    assert held["task"]["brief"] == "Talk about lamps."
    first = in_train(cast)
    shown = cast.talk(held, first, "And its shade?")
    reply = hand_in(cast, held, shown)
    assert reply.status_code == 200, reply.content
    assert reply.json()["answer"] == {"kind": "chat", "id": Conversation.objects.get().pk, "is_counted": True}
    one, two = exported(cast, "rankings", tmp_path, settings)
    assert one["prompt"] == [{"role": "user", "content": first}]
    assert two["prompt"] == [
        {"role": "user", "content": first},
        {"role": "assistant", "content": "Reply 1a"},
        {"role": "user", "content": "And its shade?"},
    ]
    assert (one["completions"], one["ranks"], one["margin"]) == (["Reply 1a", "Reply 1b"], [1, 2], pytest.approx(2 / 3))
    assert (two["completions"], two["ranks"], two["margin"]) == (["Reply 2a", "Reply 2b"], [2, 1], 1.0)
    by_position = Reply.objects.filter(turn__number=1).order_by("position")
    assert one["checkpoint_ids"] == [str(row.checkpoint_id) for row in by_position]
    assert set(one["checkpoint_ids"]) == {str(cast.old.pk), str(cast.new.pk)}
    assert {one["split"], two["split"]} == {"train"}, "a conversation is never torn between splits"


def test_each_reply_keeps_who_wrote_it_and_how(cast):
    cast.open()
    held = cast.claim()
    hand_in(cast, held, cast.talk(held, "A lamp?"))
    for reply in Reply.objects.select_related("completion"):
        kept = reply.completion
        is_old = kept.checkpoint_id == cast.old.pk
        assert (kept.temperature, kept.top_p, kept.max_new_tokens) == (0.7 if is_old else 1.0, 0.9, 16)
        assert (kept.seed, kept.logprob, kept.token_ids) == (reply.seed, -1.5, [1, reply.position])
        assert (reply.text, kept.text) == ("", f"Reply 1{'ab'[reply.position]}"), "the text moves"
    assert len({reply.seed for reply in Reply.objects.all()}) == 2
    assert Turn.objects.get().message == ""


def test_sides_are_drawn_for_every_turn(cast):
    cast.open(max_turns=30)
    held = cast.claim()
    cast.talk(held, *[f"Lamp {number}?" for number in range(12)])
    left = set(Reply.objects.filter(position=0).values_list("checkpoint_id", flat=True))
    assert left == {cast.old.pk, cast.new.pk}


def test_the_labeler_is_told_nothing_of_who_writes(cast):
    cast.open()
    held = cast.claim()
    cast.talk(held, "A lamp?")
    told = json.dumps([held, cast.chat(held)])
    for secret in ("checkpoint", "temperature", "seed", "file:///", '"old"', '"new"'):
        assert secret not in told


def test_a_reload_restores_the_chat_and_a_message_sent_twice_is_one_turn(cast):
    cast.open()
    held = cast.claim()
    cast.say(held, 1, "A lamp?")
    again = cast.say(held, 1, "A lamp?")
    assert again.status_code == 200
    assert Turn.objects.count() == 1
    turns.reply_note(Turn.objects.get().pk, 1, 0, text="Half of")
    [turn] = cast.chat(cast.claim())["turns"]
    assert (turn["message"], [reply["text"] for reply in turn["replies"]]) == ("A lamp?", ["Half of", ""])
    assert [reply["state"] for reply in turn["replies"]] == ["writing", "writing"]
    other = cast.say(held, 1, "Another lamp?")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "chat_went_on")


def test_a_chat_goes_on_only_from_a_judged_turn_and_ends_at_its_limit(cast):
    cast.open()
    held = cast.claim()
    cast.say(held, 1, "A lamp?")
    assert cast.say(held, 2, "And?").json()["error"]["code"] == "replies_not_written"
    write_replies(1)
    replies = cast.chat(held)["turns"][0]["replies"]
    best, other = replies[0]["id"], replies[1]["id"]
    for more, field in (
        ({"chosen": best}, "verdict"),
        ({"verdict": verdict(replies), "chosen": other}, "chosen"),
        ({"verdict": verdict(replies)}, "chosen"),
        ({"verdict": {"ranks": {str(best): 1}, "strength": 1}, "chosen": best}, "ranks"),
    ):
        refused = cast.say(held, 2, "And?", **more)
        assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [field])
    cast.say(held, 2, "And?", verdict=verdict(replies), chosen=best)
    write_replies(2)
    for number in (3, 4):
        replies = cast.chat(held)["turns"][-1]["replies"]
        reply = cast.say(held, number, "And?", verdict=verdict(replies), chosen=replies[0]["id"])
        assert (reply.status_code == 200) == (number == 3)
        if number == 3:
            write_replies(3)
    assert reply.json()["error"]["code"] == "chat_is_full"
    assert "3 turns" in reply.json()["error"]["message"]


def test_a_failed_reply_says_why_and_is_asked_for_again(cast):
    cast.open()
    held = cast.claim()
    cast.say(held, 1, "A lamp?")
    turn = write_replies(1, ("done", "failed"))
    states = [(reply["state"], reply["error"]) for reply in cast.chat(held)["turns"][0]["replies"]]
    assert states == [("done", ""), ("failed", "The model fell over.")]
    path = f"/api/v1/places/{held['place']['id']}/chat/retry"
    token = {"lease_token": held["place"]["lease_token"]}
    assert cast.ann.post(path, token, format="json").status_code == 200
    turns.reply_note(turn.pk, 1, 1, text="A slow worker of the first attempt", state="done")
    assert turns.turn_begin(turn.pk, 1) is None
    asked = turns.turn_begin(turn.pk, 2)
    assert [reply["position"] for reply in asked["replies"]] == [1], "what is written is not written again"
    write_replies(1)
    assert [reply["text"] for reply in cast.chat(held)["turns"][0]["replies"]] == ["Reply 1a", "Reply 1b"]
    assert cast.ann.post(path, token, format="json").json()["error"]["code"] == "no_reply_failed"


def test_a_reply_of_which_nobody_says_anything_has_failed(cast):
    cast.open()
    held = cast.claim()
    cast.say(held, 1, "A lamp?")
    Reply.objects.update(noted_at=timezone.now() - timedelta(seconds=turns.SILENT_SECONDS + 1))
    [turn] = cast.chat(held)["turns"]
    assert {(reply["state"], reply["error"]) for reply in turn["replies"]} == {("failed", turns.NOT_ANSWERED)}


def test_the_stream_asks_for_the_last_turn_alone(cast, django_assert_num_queries):
    cast.open()
    held = cast.claim()
    cast.talk(held, "A lamp?", "And?", "And?")
    place = Place.objects.get(pk=held["place"]["id"])
    with django_assert_num_queries(2) as asked:
        turn = turn_json(turns.turn_newest(place.task_id, place.labeler_id))
    assert turn["number"] == 3
    assert [row["text"] for row in turn["replies"]] == ["Reply 3a", "Reply 3b"]
    assert not any("token_ids" in query["sql"] for query in asked.captured_queries)
    assert turn == cast.chat(held)["turns"][-1]


@pytest.fixture
def redis_that_does_not_answer(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    doorbell.cache_clear()
    yield
    doorbell.cache_clear()  # or every later test would ring there


@pytest.mark.slow
@pytest.mark.usefixtures("redis_that_does_not_answer")
def test_redis_that_does_not_answer_is_told_soon(cast, django_capture_on_commit_callbacks):
    cast.open()
    held = cast.claim()
    with django_capture_on_commit_callbacks(execute=True):
        cast.say(held, 1, "A lamp?")
    assert {reply["error"] for reply in cast.chat(held)["turns"][0]["replies"]} == {turns.NO_WORKER}


def test_a_last_turn_without_replies_is_left_out(cast):
    cast.open()
    held = cast.claim()
    [turn] = cast.talk(held, "A lamp?")
    best = turn["replies"][0]["id"]
    cast.say(held, 2, "And?", verdict=verdict(turn["replies"]), chosen=best)
    assert submit(cast.ann, held, "k1", {"num_turns": 2, "verdict": None}).status_code == 400, "still being written"
    write_replies(2, ("failed", "failed"))
    assert submit(cast.ann, held, "k2", {"num_turns": 2, "verdict": None}).status_code == 200
    assert [ranking.prompt.messages[-1]["content"] for ranking in Ranking.objects.all()] == ["A lamp?"]


@pytest.mark.parametrize("answer", [{"num_turns": 2, "verdict": None}, {"num_turns": 1, "verdict": None}])
def test_an_answer_that_does_not_fit_the_chat_is_refused(cast, answer):
    cast.open()
    held = cast.claim()
    cast.talk(held, "A lamp?")
    assert submit(cast.ann, held, "k1", answer).status_code == 400
    assert not Conversation.objects.exists()
    assert Turn.objects.get().message == "A lamp?", "nothing moved"


def test_the_same_key_stores_one_conversation(cast):
    cast.open()
    held = cast.claim()
    shown = cast.talk(held, "A lamp?")
    first, second = hand_in(cast, held, shown), hand_in(cast, held, shown)
    assert first.json()["answer"] == second.json()["answer"]
    assert (Conversation.objects.count(), Ranking.objects.count(), Place.objects.get().state) == (1, 1, "filled")


def test_a_chat_whose_lease_was_lost_does_not_go_on_but_is_kept_and_paid(cast):
    cast.open()
    held = cast.claim()
    [turn] = cast.talk(held, "A lamp?")
    Place.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=5))
    bob = make_user(cast.project, "bob", "labeler")
    assert place_claim(labeler=bob, project=cast.project) == held["place"]["id"]
    lost = cast.say(held, 2, "And?", verdict=verdict(turn["replies"]), chosen=turn["replies"][0]["id"])
    assert (lost.status_code, lost.json()["error"]["code"]) == (409, "lease_lost")
    assert hand_in(cast, held, [turn]).json()["answer"]["is_counted"] is False
    assert {row.is_counted for row in (Conversation.objects.get(), Ranking.objects.get())} == {False}


def test_an_edited_reply_makes_a_demonstration_and_a_pair(cast):
    cast.open()
    held = cast.claim()
    shown = cast.talk(held, "A lamp?", "And its shade?")
    edited = shown[1]["replies"][0]["id"]
    hand_in(cast, held, shown, edits=[{"completion": edited, "text": "Green glass."}])
    demonstration = Demonstration.objects.get()
    assert [message["weight"] for message in demonstration.messages] == [0, 0, 0, 1]
    assert demonstration.messages[-1]["content"] == "Green glass."
    assert demonstration.prompt.messages[-1]["content"] == "And its shade?"


def test_a_finding_becomes_a_demonstration_and_a_ranking_in_one_step(cast, tmp_path, settings):
    assert cast.open("red_team").status_code == 201
    held = cast.claim()
    first = in_train(cast)
    assert cast.say(held, 1, first).status_code == 200
    write_replies(1)
    worse = cast.chat(held)["turns"][0]["replies"][1]["id"]
    assert cast.say(held, 2, "Go on.", chosen=worse).status_code == 200, "no verdict, and the worse reply"
    write_replies(2)
    bad = cast.chat(held)["turns"][1]["replies"][0]["id"]
    answer = {"num_turns": 2, "verdict": None, **LABELS}
    sent = submit(cast.ann, held, "k1", answer, edits=[{"completion": bad, "text": "I will not help with that."}])
    assert sent.status_code == 200, sent.content
    found = Conversation.objects.get()
    assert {name: getattr(found, name) for name in LABELS} == LABELS
    assert found.label_schema.number == 2
    assert Prompt.objects.get(turn__number=2).metadata == {"turn": 2, "brief": "Talk about lamps.", **LABELS}
    [ranking] = exported(cast, "rankings", tmp_path / "r", settings)
    [demonstration] = exported(cast, "demonstrations", tmp_path / "d", settings)
    better = dict(zip(ranking["completions"], ranking["ranks"], strict=True))
    assert better == {"I will not help with that.": 1, "Reply 2a": 2}
    assert [message["content"] for message in ranking["prompt"]] == [first, "Reply 1b", "Go on."]
    assert demonstration["messages"][-1] == {"role": "assistant", "content": "I will not help with that.", "weight": 1}


@pytest.mark.parametrize("field", list(LABELS))
def test_a_red_team_says_what_it_sought_how_and_how_far_it_went(cast, field):
    cast.open("red_team")
    held = cast.claim()
    cast.talk(held, "A lamp?")
    for wrong in ({**LABELS, field: "unheard_of"}, {name: key for name, key in LABELS.items() if name != field}):
        refused = submit(cast.ann, held, "k1", {"num_turns": 1, "verdict": None, **wrong})
        assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [field])


def test_red_team_tasks_and_their_prompts_go_only_to_those_who_take_them(cast):
    cast.open("red_team")
    preferences = f"{cast.path}/labeling/preferences"
    cast.ann.patch(preferences, {"takes_sensitive": False}, format="json")
    assert cast.claim() is None
    cast.ann.patch(preferences, {"takes_sensitive": True}, format="json")
    held = cast.claim()
    shown = cast.talk(held, "A lamp?")
    assert hand_in(cast, held, shown, labels=LABELS).status_code == 200
    prompt = Prompt.objects.get()
    assert prompt.origin == "red_team"
    pair = [row.pk for row in make_completions(prompt, 2)]
    tasks_create(project=cast.project, specs=[TaskSpec(prompt=prompt.pk, kind="pairwise", completions=pair)])
    assert Place.objects.get(kind="pairwise").is_sensitive


def test_a_choice_against_sensitive_tasks_outlives_another_role(cast):
    cast.open("red_team")
    cast.ann.patch(f"{cast.path}/labeling/preferences", {"takes_sensitive": False}, format="json")
    ann = User.objects.get(username="ann")
    body = {"roles": ["labeler", "engineer"]}
    assert cast.manager.patch(f"{cast.path}/people/{ann.pk}", body, format="json").status_code == 200
    assert cast.claim() is None
    summary = cast.ann.get(f"{cast.path}/labeling/summary").json()
    assert (summary["takes_sensitive"], summary["open"]["red_team"]) == (False, 0)


def test_an_administrator_who_is_no_member_gets_what_the_page_offers(cast):
    cast.open("red_team")
    admin = client_of(User.objects.create_superuser(username="root"))
    assert admin.get(f"{cast.path}/labeling/summary").json()["open"]["red_team"] == 1
    assert cast.claim(admin) is not None


def test_a_manager_finds_attacks_by_their_labels(cast):
    cast.open("red_team", num_tasks=3)
    cast.open("chat")
    wanted = [LABELS, {**LABELS, "success_level": "refused"}, {**LABELS, "harm_category": "hateful"}]
    for number, labels in enumerate(wanted):
        held = cast.claim()
        shown = cast.talk(held, f"A lamp {number}?", "Go on.")
        bad = shown[-1]["replies"][0]["id"]
        edits = [{"completion": bad, "text": "I will not help with that."}] if number == 0 else []
        assert hand_in(cast, held, shown, f"k{number}", labels=labels, edits=edits, notes="Odd.").status_code == 200
    held = cast.claim()
    assert held["task"]["kind"] == "chat"
    assert hand_in(cast, held, cast.talk(held, "A lamp?"), "k9").status_code == 200

    def found(**filters):
        return cast.manager.get(f"{cast.path}/attacks", filters).json()

    everything = found()
    assert everything["count"] == 3, "a chat is no attack"
    first = everything["results"][-1]
    assert {name: first[name] for name in LABELS} == LABELS
    assert [message["content"] for message in first["messages"]] == ["A lamp 0?", "Reply 1a", "Go on."]
    assert (first["num_turns"], first["num_findings"], first["labeler_name"], first["notes"]) == (2, 1, "Ann", "Odd.")
    assert first["last_prompt"] == Prompt.objects.get(turn__number=2, turn__conversation=first["id"]).pk
    assert [row["num_findings"] for row in everything["results"]] == [0, 0, 1]
    assert {(row["harm_category"], row["success_level"]): row["num"] for row in everything["counts"]} == {
        ("illicit", "mostly"): 1, ("illicit", "refused"): 1, ("hateful", "mostly"): 1,
    }  # fmt: skip
    assert everything["lists"]["success_levels"][0]["key"] == "refused"
    assert [row["harm_category"] for row in found(success_level="mostly")["results"]] == ["hateful", "illicit"]
    assert found(harm_category=["illicit", "hateful"], success_level="refused")["count"] == 1
    assert found(attack_kind="direct")["count"] == 0
    assert found(attack_kind="unheard_of")["error"]["fields"].keys() == {"attack_kind"}
    people = cast.manager.get(f"{cast.path}/people").json()["results"]
    counts = next(row["counts"] for row in people if row["user"]["username"] == "ann")
    assert counts == {"demonstrations": 0, "rankings": 0, "chats": 4}, "neither turns nor edits are answers to tasks"


def test_attacks_are_read_in_as_many_questions_however_many_there_are(cast, django_assert_max_num_queries):
    cast.open("red_team", num_tasks=4)
    for number in range(4):
        held = cast.claim()
        assert hand_in(cast, held, cast.talk(held, "A lamp?"), f"k{number}", labels=LABELS).status_code == 200
    with django_assert_max_num_queries(9):
        assert cast.manager.get(f"{cast.path}/attacks").json()["count"] == 4


def test_a_manager_opens_follows_and_closes_chats(cast):
    made = cast.open(num_tasks=3).json()
    assert (made["checkpoint_a_name"], made["places"]["open"]) == ("old", 3)
    held = cast.claim()
    assert hand_in(cast, held, cast.talk(held, "A lamp?"), claim_next=True).json()["next"] is not None
    [row] = cast.manager.get(f"{cast.path}/chats").json()["results"]
    assert row["places"] == {"open": 1, "leased": 1, "filled": 1, "closed": 0}
    closed = cast.manager.post(f"{cast.path}/chats/{made['id']}/close").json()
    assert closed["places"] == {"open": 0, "leased": 1, "filled": 1, "closed": 1}
    assert cast.ann.get(f"{cast.path}/labeling/summary").json()["mine"]["total"] == 1


def test_a_page_of_chats_counts_the_places_of_that_page_alone(cast):
    manager = User.objects.get(username="mia")
    settings = {**SETTINGS, "checkpoint_a": cast.old, "checkpoint_b": cast.new, "created_by": manager}
    ChatBatch.objects.bulk_create(ChatBatch(project=cast.project, kind="chat", **settings) for _ in range(PAGE_SIZE))
    assert cast.open(num_tasks=2).status_code == 201
    oldest = ChatBatch.objects.earliest("pk")
    with CaptureQueriesContext(connection) as asked:
        page = cast.manager.get(f"{cast.path}/chats").json()
    assert (len(page["results"]), page["count"], page["results"][0]["places"]["open"]) == (PAGE_SIZE, PAGE_SIZE + 1, 2)
    [counted] = [query["sql"] for query in asked if "feedback_place" in query["sql"]]
    assert not re.search(rf"\b{oldest.pk}\b", counted)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"checkpoint_b": 0}, "checkpoint_b"),
        ({"checkpoint_a": "reward"}, "checkpoint_a"),
        ({"checkpoint_b": "old", "temperature_a": 0, "temperature_b": 0}, "temperature_b"),
        ({"max_turns": 51}, "max_turns"),
        ({"kind": "ranking"}, "kind"),
    ],
)
def test_chats_with_checkpoints_that_cannot_chat_are_refused(cast, changed, field):
    named = {"reward": make_checkpoint(cast.project, "reward", "r").pk, "old": cast.old.pk}
    refused = cast.open(**{name: named.get(value, value) for name, value in changed.items()})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [field])


def test_red_team_tasks_need_their_labels_in_the_schema(cast):
    LabelSchemaVersion.objects.create(project=cast.project, number=3, schema={"axes": [], "flags": []})
    refused = cast.open("red_team")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_ready_for_labeling")
    assert cast.open("chat").status_code == 201


def test_nobody_reads_or_goes_on_with_anothers_chat(cast):
    cast.open()
    held = cast.claim()
    cast.talk(held, "A lamp?")
    bob = client_of(make_user(cast.project, "bob", "labeler"))
    path = f"/api/v1/places/{held['place']['id']}/chat"
    assert bob.get(path).json()["turns"] == []
    assert cast.say(held, 1, "Mine?", client=bob).json()["error"]["code"] == "lease_lost"
    assert cast.manager.get(path).status_code == 403


def test_what_was_written_and_handed_in_is_never_edited(cast):
    cast.open()
    held = cast.claim()
    shown = cast.talk(held, "A lamp?")
    with pytest.raises(IntegrityError, match="is written"), transaction.atomic():
        Reply.objects.update(text="Another")
    hand_in(cast, held, shown)
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        Conversation.objects.update(seconds=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ranking.objects.filter(conversation__isnull=False).update(conversation=None)


def test_redacting_a_reply_that_the_chat_went_on_with_redacts_what_repeats_it(cast):
    cast.open()
    held = cast.claim()
    hand_in(cast, held, cast.talk(held, "A lamp?", "And?"))
    chosen = Completion.objects.get(text="Reply 1a")
    completion_redact(actor=make_user(cast.project, "max", "manager"), completion=chosen, reason="a name")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM feedback_completion completion JOIN rounds_prompt prompt ON prompt.id = completion.prompt_id"
            " WHERE completion.text LIKE '%Reply 1a%' OR prompt.messages::text LIKE '%Reply 1a%'"
        )
        assert cursor.fetchone()[0] == 0
    assert Completion.objects.filter(text="Reply 1b").exists()


@pytest.mark.django_db(transaction=True)
def test_the_stream_tells_of_replies_as_they_grow_and_ends_with_them(monkeypatch):
    monkeypatch.setattr(chat_stream, "POLL_SECONDS", 0.02)
    cast = ChatCast()
    cast.open()
    held = cast.claim()
    monkeypatch.setattr(turns, "worker_ask", lambda turn_id, attempt: None)  # the test is the worker
    cast.say(held, 1, "A lamp?")
    turn = Turn.objects.select_related("labeler").get()

    async def follow() -> list[str]:
        client = AsyncClient()
        await client.aforce_login(turn.labeler)
        reply = await client.get(f"/api/v1/places/{held['place']['id']}/chat/stream")
        assert reply.status_code == 200
        found = []
        async for chunk in reply.streaming_content:
            if b"event: turn" not in chunk:
                continue
            told = json.loads(chunk.decode().split("data: ")[1])
            found.append("|".join(row["text"] for row in told["replies"]))
            steps = {1: {"text": "Half"}, 2: {"text": "Half a lamp", "state": "done"}}
            if len(found) in steps:
                for place in (0, 1):
                    await asyncio.to_thread(note, turn.pk, place, steps[len(found)])
        return found

    def note(turn_id, place, written):
        try:
            turns.reply_note(turn_id, 1, place, **written)
        finally:
            connection.close()

    found = asyncio.run(follow())
    assert (found[0], found[-1]) == ("|", "Half a lamp|Half a lamp")
    assert "Half|Half" in found


def test_a_draft_of_a_chat_keeps_that_nothing_is_chosen(cast):
    cast.open()
    held = cast.claim()
    body = {"lease_token": held["place"]["lease_token"], "body": {"message": "And", "chosen": None}}
    assert cast.ann.put(f"/api/v1/places/{held['place']['id']}/draft", body, format="json").status_code == 200
    assert cast.claim()["draft"]["body"] == {"message": "And", "chosen": None}
