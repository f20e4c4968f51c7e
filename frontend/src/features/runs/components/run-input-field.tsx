import { Select } from "@mantine/core";

import { formatCompact, formatCount, formatTime } from "@/lib/format";
import type { RunDraft } from "@/lib/models";
import { useCheckpoints } from "@/lib/queries/get-checkpoints";

import { useCorpora } from "../api/get-corpora";
import { useSnapshots } from "../api/get-snapshots";

import type { InputText } from "./run-texts";

type InputValue = RunDraft["inputs"][string] | undefined;

interface RunInputFieldProps {
  projectId: number;
  input: InputText;
  value: InputValue;
  onChange: (value: InputValue) => void;
}

interface Choice {
  value: string;
  label: string;
}

/** One input of a run, chosen from the checkpoints, sealed snapshots or corpora that fit its role. */
export function RunInputField({ projectId, input, value, onChange }: RunInputFieldProps) {
  const checkpoints = useCheckpoints(projectId);
  const snapshots = useSnapshots(projectId);
  const corpora = useCorpora(projectId);

  const choices: Record<InputText["accepts"], Choice[]> = {
    checkpoint: (checkpoints.data?.results ?? [])
      .filter(({ role }) => input.checkpointRoles?.includes(role))
      .map(({ id, name, role, num_parameters }) => ({
        value: String(id),
        label: `${name} (${role}, ${formatCompact(num_parameters)} parameters)`,
      })),
    snapshot: (snapshots.data?.results ?? [])
      .filter(({ kind, state }) => state === "sealed" && input.snapshotKinds?.includes(kind))
      .map(({ id, kind, num_rows, created_at }) => ({
        value: String(id),
        label: `Snapshot ${id}: ${formatCount(num_rows)} ${kind}, ${formatTime(created_at)}`,
      })),
    corpus: (corpora.data?.results ?? []).map(({ id, name, num_documents }) => ({
      value: String(id),
      label: `${name} (${formatCount(num_documents)} documents)`,
    })),
  };
  const query = { checkpoint: checkpoints, snapshot: snapshots, corpus: corpora }[input.accepts];
  const data = choices[input.accepts];
  return (
    <Select
      label={input.label}
      data={data}
      value={value ? String(Object.values(value)[0]) : null}
      onChange={(id) => onChange(id ? { [input.accepts]: Number(id) } : undefined)}
      searchable
      clearable={input.isOptional}
      required={!input.isOptional}
      disabled={query.isPending}
      error={query.error?.message}
      placeholder={
        query.isPending
          ? "Loading"
          : data.length
            ? `Choose a ${input.accepts}`
            : `No fitting ${input.accepts} in this project yet`
      }
      data-testid={`run-input-${input.role}`}
    />
  );
}
