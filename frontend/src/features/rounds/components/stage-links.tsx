import { Button, Group } from "@mantine/core";
import { IconBox, IconDatabase, IconPlayerPlay } from "@tabler/icons-react";
import { Link } from "react-router";

import type { RoundStage } from "@/lib/models";

interface StageLinksProps {
  projectId: number;
  stage: RoundStage;
}

const PAGES = [
  { ending: "checkpoint_id", page: "checkpoints/", label: "Checkpoint", icon: IconBox },
  { ending: "snapshot_id", page: "snapshots?search=", label: "Snapshot", icon: IconDatabase },
];

/** Links to the runs of a stage and to what it made; outputs name ids by the kind of object they end in. */
export function StageLinks({ projectId, stage }: StageLinksProps) {
  const made = Object.entries(stage.outputs).flatMap(([name, id]) => {
    const target = PAGES.find(({ ending }) => name === ending || name.endsWith(`_${ending}`));
    return target && typeof id === "number" ? [{ ...target, id }] : [];
  });
  if (stage.run_ids.length + made.length === 0) return null;
  return (
    <Group gap="xs">
      {stage.run_ids.map((id) => (
        <Button
          key={id}
          component={Link}
          to={`/projects/${projectId}/runs/${id}`}
          size="compact-sm"
          variant="light"
          leftSection={<IconPlayerPlay size={14} />}
        >
          Run {id}
        </Button>
      ))}
      {made.map(({ page, label, icon: PageIcon, id }) => (
        <Button
          key={`${page}-${id}`}
          component={Link}
          to={`/projects/${projectId}/${page}${id}`}
          size="compact-sm"
          variant="light"
          leftSection={<PageIcon size={14} />}
        >
          {label} {id}
        </Button>
      ))}
    </Group>
  );
}
