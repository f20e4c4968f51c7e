"""Versions are never edited, and what a checkpoint's weights are never changes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is never edited: add a new version', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER guideline_version_immutable BEFORE UPDATE ON rounds_guidelineversion
    FOR EACH ROW EXECUTE FUNCTION version_refuse_change();
CREATE TRIGGER label_schema_version_immutable BEFORE UPDATE ON rounds_labelschemaversion
    FOR EACH ROW EXECUTE FUNCTION version_refuse_change();

CREATE FUNCTION checkpoint_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.project_id, NEW.role, NEW.uri, NEW.sha256, NEW.num_parameters, NEW.created_at) IS DISTINCT FROM
       (OLD.project_id, OLD.role, OLD.uri, OLD.sha256, OLD.num_parameters, OLD.created_at) THEN
        RAISE EXCEPTION 'checkpoint % is registered: its weights, role and project never change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checkpoint_immutable BEFORE UPDATE ON rounds_checkpoint
    FOR EACH ROW EXECUTE FUNCTION checkpoint_refuse_change();

CREATE FUNCTION prompt_refuse_new_split() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.split IS DISTINCT FROM OLD.split THEN
        RAISE EXCEPTION 'prompt % stays in the split %', OLD.id, OLD.split
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prompt_split_immutable BEFORE UPDATE ON rounds_prompt
    FOR EACH ROW EXECUTE FUNCTION prompt_refuse_new_split();
"""
BACKWARD = """
DROP TRIGGER prompt_split_immutable ON rounds_prompt;
DROP FUNCTION prompt_refuse_new_split();
DROP TRIGGER checkpoint_immutable ON rounds_checkpoint;
DROP FUNCTION checkpoint_refuse_change();
DROP TRIGGER label_schema_version_immutable ON rounds_labelschemaversion;
DROP TRIGGER guideline_version_immutable ON rounds_guidelineversion;
DROP FUNCTION version_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("rounds", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
