"""A sealed snapshot and its members never change."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION snapshot_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'sealed' THEN
        RAISE EXCEPTION 'snapshot % is sealed: it can be neither changed nor deleted; make a new one', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER snapshot_sealed_immutable BEFORE UPDATE OR DELETE ON training_datasetsnapshot
    FOR EACH ROW EXECUTE FUNCTION snapshot_refuse_change();

CREATE FUNCTION snapshot_item_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[]::bigint[];
BEGIN
    IF TG_OP <> 'INSERT' THEN touched := touched || OLD.snapshot_id; END IF;
    IF TG_OP <> 'DELETE' THEN touched := touched || NEW.snapshot_id; END IF;
    IF EXISTS (SELECT 1 FROM training_datasetsnapshot WHERE id = ANY (touched) AND state = 'sealed') THEN
        RAISE EXCEPTION 'the members of sealed snapshot % never change', touched
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER snapshot_item_sealed_immutable BEFORE INSERT OR UPDATE OR DELETE ON training_snapshotitem
    FOR EACH ROW EXECUTE FUNCTION snapshot_item_refuse_change();
"""
BACKWARD = """
DROP TRIGGER snapshot_item_sealed_immutable ON training_snapshotitem;
DROP FUNCTION snapshot_item_refuse_change();
DROP TRIGGER snapshot_sealed_immutable ON training_datasetsnapshot;
DROP FUNCTION snapshot_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
