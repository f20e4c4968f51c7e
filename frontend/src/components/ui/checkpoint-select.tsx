import { useState } from "react";

import { SearchSelect, type Choice } from "@/components/ui/search-select";
import { formatCompact } from "@/lib/format";
import type { Checkpoint, CheckpointRole } from "@/lib/models";
import { useCheckpoint } from "@/lib/queries/get-checkpoint";
import { useCheckpoints } from "@/lib/queries/get-checkpoints";

interface CheckpointSelectProps {
  projectId: number;
  label: string;
  roles: CheckpointRole[];
  value: string;
  onChange: (value: string | null) => void;
  required?: boolean;
  clearable?: boolean;
  "data-testid"?: string;
}

type Named = Pick<Checkpoint, "id" | "name" | "role" | "state" | "num_parameters">;

function choiceOf({ id, name, role, state, num_parameters }: Named): Choice {
  const details = [role, state === "published" && "published", formatCompact(num_parameters)].filter(Boolean).join(", ");
  return { value: String(id), label: `${name} (${details})` };
}

/** A checkpoint of the project, chosen by name. */
export function CheckpointSelect({ projectId, roles, value, "data-testid": testId, ...rest }: CheckpointSelectProps) {
  const [search, setSearch] = useState("");
  const checkpoints = useCheckpoints(projectId, { role: roles, ...(search && { search }) });
  const found = checkpoints.data?.results ?? [];
  const isBeyond = Boolean(value) && checkpoints.data !== undefined && !found.some(({ id }) => String(id) === value);
  const chosen = useCheckpoint(Number(value), isBeyond);
  return (
    <SearchSelect
      {...rest}
      choices={found.map(choiceOf)}
      count={checkpoints.data?.count ?? 0}
      value={value || null}
      chosen={chosen.data && choiceOf(chosen.data)}
      onSearch={setSearch}
      error={checkpoints.error?.message}
      placeholder={checkpoints.isPending ? "Loading" : found.length ? "Choose a checkpoint" : "No fitting checkpoint yet"}
      data-testid={testId ?? "checkpoint-select"}
    />
  );
}
