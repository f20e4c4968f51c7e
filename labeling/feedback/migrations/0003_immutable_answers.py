"""Answers are superseded, never edited; redaction alone removes text."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION answer_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['is_counted', 'superseded_by_id', 'redacted_at'];
BEGIN
    IF NEW.redacted_at IS NOT NULL THEN free := free || ARRAY['messages', 'notes']; END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION '% % is never edited: add an answer that supersedes it', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER demonstration_immutable BEFORE UPDATE ON feedback_demonstration
    FOR EACH ROW EXECUTE FUNCTION answer_refuse_change();
CREATE TRIGGER ranking_immutable BEFORE UPDATE ON feedback_ranking
    FOR EACH ROW EXECUTE FUNCTION answer_refuse_change();

CREATE FUNCTION ranked_completion_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the order of ranking % is never edited: add a ranking that supersedes it', OLD.ranking_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ranked_completion_immutable BEFORE UPDATE ON feedback_rankedcompletion
    FOR EACH ROW EXECUTE FUNCTION ranked_completion_refuse_change();

CREATE FUNCTION completion_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.redacted_at IS NULL AND (NEW.text, NEW.token_ids, NEW.prompt_id, NEW.checkpoint_id) IS DISTINCT FROM
                                   (OLD.text, OLD.token_ids, OLD.prompt_id, OLD.checkpoint_id) THEN
        RAISE EXCEPTION 'completion % keeps its text: people judged it as it is; redact it, or add another', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER completion_immutable BEFORE UPDATE ON feedback_completion
    FOR EACH ROW EXECUTE FUNCTION completion_refuse_change();
"""
BACKWARD = """
DROP TRIGGER completion_immutable ON feedback_completion;
DROP FUNCTION completion_refuse_change();
DROP TRIGGER ranked_completion_immutable ON feedback_rankedcompletion;
DROP FUNCTION ranked_completion_refuse_change();
DROP TRIGGER ranking_immutable ON feedback_ranking;
DROP TRIGGER demonstration_immutable ON feedback_demonstration;
DROP FUNCTION answer_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_known_states")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
