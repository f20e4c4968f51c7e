"""A conversation that was handed in is never edited, nor is a reply once it is written; only its text moves to its completion."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION conversation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['is_counted'];
BEGIN
    IF NEW.notes = '' THEN free := free || ARRAY['notes']; END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'conversation % is never edited', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conversation_immutable BEFORE UPDATE ON feedback_conversation
    FOR EACH ROW EXECUTE FUNCTION conversation_refuse_change();

CREATE FUNCTION reply_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['completion_id'];
BEGIN
    IF NEW.completion_id IS NOT NULL THEN free := free || ARRAY['text', 'token_ids']; END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'reply % is written: people read it as it is', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reply_immutable BEFORE UPDATE ON feedback_reply
    FOR EACH ROW WHEN (OLD.state = 'done') EXECUTE FUNCTION reply_refuse_change();
"""
BACKWARD = """
DROP TRIGGER reply_immutable ON feedback_reply;
DROP FUNCTION reply_refuse_change();
DROP TRIGGER conversation_immutable ON feedback_conversation;
DROP FUNCTION conversation_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0014_chats")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
