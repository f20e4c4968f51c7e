"""Whatever takes an expired lease from its holder leaves a row that lets them answer late."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION place_keep_lost_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feedback_lostlease (place_id, task_id, labeler_id, lease_token, lost_at, is_answered)
    VALUES (OLD.id, OLD.task_id, OLD.labeler_id, OLD.lease_token, clock_timestamp(), false)
    ON CONFLICT (lease_token) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER place_lost_lease AFTER UPDATE ON feedback_place FOR EACH ROW
    WHEN (OLD.state = 'leased' AND NEW.labeler_id IS DISTINCT FROM OLD.labeler_id AND OLD.lease_expires_at < clock_timestamp())
    EXECUTE FUNCTION place_keep_lost_lease();
"""
BACKWARD = """
DROP TRIGGER place_lost_lease ON feedback_place;
DROP FUNCTION place_keep_lost_lease();
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0007_lost_leases_and_skips")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
