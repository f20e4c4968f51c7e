"""Places that wait get the thousands of their kind of work, see labeling/feedback/priorities.py."""

from django.db import migrations

FORWARD = """
UPDATE feedback_place place
SET priority = priority % 1000 + 1000 * CASE
  WHEN task.purpose = 'evaluation' THEN 5 WHEN place.kind IN ('ranking', 'pairwise') THEN 4 ELSE 3 END
FROM feedback_labelingtask task WHERE task.id = place.task_id AND place.state IN ('open', 'leased')
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0010_provenance"), ("rounds", "0007_weights")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
