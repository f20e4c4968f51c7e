import { Text } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { Link } from "react-router";

import { humanize } from "@/lib/format";
import type { CheckpointDetail } from "@/lib/models";

import classes from "./lineage.module.css";

interface Node {
  id: number;
  name: string;
  role: string;
}

function NodeLink({ projectId, node }: { projectId: number; node: Node }) {
  return (
    <Link className={classes.node} to={`/projects/${projectId}/checkpoints/${node.id}`}>
      <Text size="sm" fw={500}>
        {node.name}
      </Text>
      <Text size="xs" c="dimmed">
        {humanize(node.role)}
      </Text>
    </Link>
  );
}

interface LineageProps {
  projectId: number;
  checkpoint: CheckpointDetail;
}

/** Parents at the left, this checkpoint, what was made from it at the right; on a phone from top to bottom. */
export function Lineage({ projectId, checkpoint }: LineageProps) {
  const { parents, children } = checkpoint;
  const nothing = (text: string) => (
    <Text size="sm" c="dimmed">
      {text}
    </Text>
  );
  return (
    <div className={classes.graph}>
      <div className={classes.column} role="group" aria-label="Parents">
        {parents.length === 0 && nothing("No parent")}
        {parents.map((node) => (
          <NodeLink key={node.id} projectId={projectId} node={node} />
        ))}
      </div>
      <IconArrowRight className={classes.arrow} aria-hidden />
      <div className={`${classes.node} ${classes.current}`} aria-current="true">
        <Text size="sm" fw={600}>
          {checkpoint.name}
        </Text>
        <Text size="xs" c="dimmed">
          {checkpoint.made_by ? `${humanize(checkpoint.made_by.kind)} run ${checkpoint.made_by.id}` : "Registered"}
        </Text>
      </div>
      <IconArrowRight className={classes.arrow} aria-hidden />
      <div className={classes.column} role="group" aria-label="Children">
        {children.length === 0 && nothing("Nothing made from it yet")}
        {children.map((node) => (
          <NodeLink key={node.id} projectId={projectId} node={node} />
        ))}
      </div>
    </div>
  );
}
