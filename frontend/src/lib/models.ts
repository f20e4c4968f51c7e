/** Shapes of the API. */

export type Role = "labeler" | "manager" | "engineer";
export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
  weight?: number;
}
export interface Page<T> {
  results: T[];
  next: string | null;
  count?: number;
}
export interface UserBrief {
  id: number;
  username: string;
  display_name: string;
}
export interface Project {
  id: number;
  name: string;
  slug: string;
  description: string;
  lease_seconds: number;
  is_archived: boolean;
  created_at: string;
  roles: Role[];
}
export interface GuidelineVersion {
  id: number;
  number: number;
  text: string;
  created_at: string;
}
export interface Axis {
  key: string;
  label: string;
  low: string;
  high: string;
  minimum: number;
  maximum: number;
}
export interface Flag {
  key: string;
  label: string;
}
export interface LabelSchema {
  axes: Axis[];
  flags: Flag[];
}
export interface LabelSchemaVersion {
  id: number;
  number: number;
  schema: LabelSchema;
  created_at: string;
}
export interface Person {
  user: UserBrief;
  roles: Role[];
  is_active: boolean;
  contractor: { agency: string; contract: string; status: string } | null;
  counts: { demonstrations: number; rankings: number };
}
export interface Invitation {
  id: number;
  email: string;
  role: Role;
  created_at: string;
  expires_at: string;
  accepted_at: string | null;
  url?: string;
}
export type ImportKind = "prompts" | "demonstrations" | "rankings" | "texts";
export interface Import {
  id: number;
  kind: ImportKind;
  state: "queued" | "running" | "done" | "refused" | "failed";
  file_name: string;
  bytes_total: number;
  bytes_done: number;
  rows_done: number;
  rows_refused: number;
  row_errors: { line: number; field: string; message: string }[];
  reason: string;
  created_at: string;
  finished_at: string | null;
}
export type Split = "train" | "validation" | "test";
export interface Prompt {
  id: number;
  external_id: string;
  messages: Message[];
  contributor: string;
  origin: string;
  split: Split;
  is_redacted: boolean;
  created_at: string;
}
export interface Completion {
  id: number;
  text: string;
  checkpoint: number | null;
  checkpoint_name: string;
  temperature: number;
  top_p: number;
  seed: number;
  logprob: number | null;
  is_redacted: boolean;
}
export interface Ranking {
  id: number;
  labeler_name: string;
  all_bad: boolean;
  is_counted: boolean;
  notes: string;
  seconds: number;
  created_at: string;
  ranked_completions: {
    completion: number;
    rank: number;
    ratings: Record<string, number>;
    flags: string[];
  }[];
}
export interface Demonstration {
  id: number;
  labeler_name: string;
  messages: Message[];
  is_counted: boolean;
  seconds: number;
  created_at: string;
}
export interface PromptDetail extends Prompt {
  completions: Completion[];
  demonstrations: Demonstration[];
  rankings: Ranking[];
}
export type StageKind = "demonstrate" | "sft" | "sample" | "rank" | "reward" | "ppo" | "evaluate" | "approve";
export type StageState = "waiting" | "running" | "done" | "failed" | "skipped";
export type StageAction = "start" | "close" | "skip" | "retry" | "approve" | "reject";
export interface StageCounts {
  places_open: number;
  places_leased: number;
  places_filled: number;
  places_closed: number;
  progress_done: number;
  progress_total: number;
  phase: string;
}
export interface StageOutputs {
  snapshot_id?: number;
  demonstrations_snapshot_id?: number;
  run_id?: number;
  checkpoint_id?: number;
  value_checkpoint_id?: number;
  num_tasks?: number;
  num_completions?: number;
  evaluation_ids?: number[];
  decision?: "approved" | "rejected";
}
export interface RoundStage {
  position: number;
  kind: StageKind;
  state: StageState;
  attempt: number;
  reason: string;
  counts: StageCounts;
  outputs: StageOutputs;
  run_ids: number[];
  actions: StageAction[];
  started_at: string | null;
  finished_at: string | null;
}
export interface RoundSummary {
  id: number;
  number: number;
  state: string;
  current_stage: string;
  created_at: string;
}
export interface Round extends RoundSummary {
  stages: RoundStage[];
}
export interface StageOptions {
  kind: StageKind;
  config?: Record<string, unknown>;
  [option: string]: unknown;
}
export type RunKind = "tokenizer" | "pretrain" | "sft" | "reward" | "ppo" | "sample";
export type RunState = "queued" | "submitted" | "running" | "done" | "failed" | "cancelled";
export interface RunInput {
  role: string;
  checkpoint: CheckpointBrief | null;
  snapshot: { id: number; kind: string; num_rows: number } | null;
  corpus: { id: number; name: string } | null;
}
export interface TrainingRun {
  id: number;
  kind: RunKind;
  name: string;
  config: Record<string, unknown>;
  state: RunState;
  attempt: number;
  progress: { phase?: string; done?: number; total?: number };
  summary: Record<string, unknown>;
  error: string;
  round_number: number | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  inputs: RunInput[];
  outputs: { role: string; checkpoint: CheckpointBrief }[];
}
export interface MetricPoint {
  sequence: number;
  kind: string;
  step: number | null;
  values: Record<string, number | string>;
  at: string;
}
export interface Snapshot {
  id: number;
  kind: "demonstrations" | "rankings" | "prompts";
  state: "queued" | "frozen" | "sealed" | "failed";
  round_number: number | null;
  filters: Record<string, unknown>;
  sha256: string;
  num_rows: number;
  num_rows_by_split: Record<string, number>;
  reason: string;
  created_at: string;
  sealed_at: string | null;
}
export interface Corpus {
  id: number;
  name: string;
  num_documents: number;
  num_characters: number;
  created_at: string;
}
export type CheckpointRole = "base" | "policy" | "reward" | "value";
export interface CheckpointBrief {
  id: number;
  name: string;
  role: CheckpointRole;
}
export interface Checkpoint extends CheckpointBrief {
  state: "registered" | "published" | "retired";
  round_number: number | null;
  sha256: string;
  num_parameters: number;
  created_at: string;
  published_at: string | null;
}
export interface CheckpointDetail extends Checkpoint {
  card: Record<string, unknown>;
  parents: Checkpoint[];
  children: Checkpoint[];
  made_by: { id: number; kind: RunKind; name: string; state: RunState } | null;
  snapshots: Snapshot[];
  num_demonstrations: number;
  num_rankings: number;
  num_completions: number;
}
export interface Evaluation {
  id: number;
  round_number: number | null;
  a: CheckpointBrief;
  b: CheckpointBrief;
  axis: string;
  judge: string;
  wins: number;
  ties: number;
  losses: number;
  n: number;
  rate: number;
  low: number;
  high: number;
  created_at: string;
}
export interface ComparedPrompt {
  prompt: { id: number; split: Split; messages: Message[] };
  a: Completion[];
  b: Completion[];
}
export interface TrainerOption {
  title: string;
  type: "integer" | "number" | "string" | "boolean";
  default: number | string | boolean;
  minimum?: number;
  maximum?: number;
  enum?: string[];
  description: string;
  "x-source"?: string;
}
export interface TrainerSchema {
  title: string;
  description: string;
  properties: Record<string, TrainerOption>;
}
export type TrainingOptions = Record<RunKind, TrainerSchema>;
export interface TokenChoice {
  id: number;
  text: string;
  probability: number;
}
export interface SampledToken extends TokenChoice {
  sampled_probability?: number;
  top: TokenChoice[];
}
export interface SampleResult {
  text: string;
  tokens: SampledToken[];
  finish_reason: string;
}
export interface SampleRequest {
  messages: Message[];
  temperature: number;
  top_p: number;
  max_new_tokens: number;
  seed: number;
}
export interface DefaultRecipe {
  recipe: StageOptions[];
}
export interface RunDraft {
  kind: RunKind;
  name: string;
  config: Record<string, unknown>;
  inputs: Record<string, { checkpoint?: number; snapshot?: number; corpus?: number }>;
}
export interface SnapshotDraft {
  kind: Snapshot["kind"];
  filters: { splits?: Split[]; limit?: number };
}
export interface SessionUser extends UserBrief {
  is_superuser: boolean;
}
export interface SessionProject {
  id: number;
  name: string;
  slug: string;
  roles: Role[];
}
export interface Session {
  user: SessionUser | null;
  csrf_token: string;
  projects: SessionProject[];
}
export interface ApiToken {
  id: number;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  token?: string;
}
export interface LabelingSummary {
  open: { demonstration: number; ranking: number };
  mine: { today: number; total: number };
}
export type TaskKind = "demonstration" | "ranking";
export interface ShownCompletion {
  id: number;
  position: number;
  text: string;
}
export interface Assignment {
  place: { id: number; lease_token: string; lease_expires_at: string; lease_seconds: number };
  task: {
    id: number;
    kind: TaskKind;
    prompt: { id: number; messages: Message[] };
    completions: ShownCompletion[];
    guideline: { number: number };
    label_schema: { number: number; schema: LabelSchema };
  };
  draft: { body: Record<string, unknown>; updated_at: string } | null;
}
export interface OpenInvitation {
  email: string;
  role: Role;
  project_name: string;
}
