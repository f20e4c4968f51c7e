import { Select } from "@mantine/core";

import { formatCompact } from "@/lib/format";
import type { CheckpointRole } from "@/lib/models";
import { useCheckpoints } from "@/lib/queries/get-checkpoints";

interface CheckpointSelectProps {
  projectId: number;
  label: string;
  roles: CheckpointRole[];
  value: string;
  onChange: (value: string | null) => void;
}

/** A checkpoint of the project, chosen by name. */
export function CheckpointSelect({ projectId, label, roles, value, onChange }: CheckpointSelectProps) {
  const checkpoints = useCheckpoints(projectId);
  const data = (checkpoints.data?.results ?? [])
    .filter(({ role }) => roles.includes(role))
    .map(({ id, name, state, num_parameters }) => ({
      value: String(id),
      label: `${name}${state === "published" ? ", published" : ""} (${formatCompact(num_parameters)})`,
    }));
  return (
    <Select
      label={label}
      data={data}
      value={value || null}
      onChange={onChange}
      searchable
      disabled={checkpoints.isPending}
      error={checkpoints.error?.message}
      placeholder={checkpoints.isPending ? "Loading" : data.length ? "Choose a checkpoint" : "No checkpoint yet"}
      data-testid="checkpoint-select"
    />
  );
}
