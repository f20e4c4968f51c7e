import { useState } from "react";

import { CheckpointSelect } from "@/components/ui/checkpoint-select";
import { SearchSelect } from "@/components/ui/search-select";
import { formatCount, formatTime } from "@/lib/format";
import type { RunDraft } from "@/lib/models";

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

interface PickerProps {
  projectId: number;
  input: InputText;
  label: string;
  value: string;
  required: boolean;
  clearable: boolean | undefined;
  onChange: (id: string | null) => void;
  "data-testid": string;
}

/** One input of a run, chosen from the checkpoints, sealed snapshots or corpora that fit its role. */
export function RunInputField({ projectId, input, value, onChange }: RunInputFieldProps) {
  const Picker = { checkpoint: CheckpointPicker, snapshot: SnapshotPicker, corpus: CorpusPicker }[input.accepts];
  return (
    <Picker
      projectId={projectId}
      input={input}
      label={input.label}
      value={value ? String(Object.values(value)[0]) : ""}
      onChange={(id) => onChange(id ? { [input.accepts]: Number(id) } : undefined)}
      required={!input.isOptional}
      clearable={input.isOptional}
      data-testid={`run-input-${input.role}`}
    />
  );
}

function CheckpointPicker({ input, ...rest }: PickerProps) {
  return <CheckpointSelect {...rest} roles={input.checkpointRoles ?? []} />;
}

function SnapshotPicker({ projectId, input, value, ...rest }: PickerProps) {
  const [search, setSearch] = useState("");
  const snapshots = useSnapshots(projectId, {
    kind: input.snapshotKinds ?? [],
    state: ["sealed"],
    ...(search && { search: search.replace(/\D/g, "") || search }),
  });
  const found = snapshots.data?.results ?? [];
  return (
    <SearchSelect
      {...rest}
      choices={found.map(({ id, num_rows, kind, created_at }) => ({
        value: String(id),
        label: `Snapshot ${id}: ${formatCount(num_rows)} ${kind}, ${formatTime(created_at)}`,
      }))}
      count={snapshots.data?.count ?? 0}
      value={value || null}
      onSearch={setSearch}
      error={snapshots.error?.message}
      placeholder={snapshots.isPending ? "Loading" : found.length ? "Choose a snapshot" : "No fitting snapshot in this project yet"}
    />
  );
}

function CorpusPicker({ projectId, input: _, value, ...rest }: PickerProps) {
  const [search, setSearch] = useState("");
  const corpora = useCorpora(projectId, search);
  const found = corpora.data?.results ?? [];
  return (
    <SearchSelect
      {...rest}
      choices={found.map(({ id, name, num_documents }) => ({
        value: String(id),
        label: `${name} (${formatCount(num_documents)} documents)`,
      }))}
      count={corpora.data?.count ?? 0}
      value={value || null}
      onSearch={setSearch}
      error={corpora.error?.message}
      placeholder={corpora.isPending ? "Loading" : found.length ? "Choose a corpus" : "No corpus in this project yet"}
    />
  );
}
