/** Short names for the shapes of the API, all from the generated schema. */

import type { components } from "./schema";

type Schemas = components["schemas"];

/**
 * A field with a default may be left out of a request, and the schema then calls it optional in the answer too, where it always is.
 * Whole says so. A shape whose every field may be missing, such as what a stage has made so far, stays as it is.
 */
export type Whole<T> = T extends (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? object extends T
      ? T
      : { [Key in keyof T]-?: Whole<Exclude<T[Key], undefined>> }
    : T;

type Answers = Whole<{ [Name in keyof Schemas]: Schemas[Name] }>;

export interface Page<T> {
  results: T[];
  next: string | null;
  count: number;
}

export type TaskKind = Schemas["TaskKind"];
export type StoppedTask = Answers["StoppedTask"];
export type PromptStyle = Schemas["PromptStyle"];
export type PairwiseScale = Schemas["PairwiseScale"];

export type ChatBatch = Answers["ChatBatch"];
export type ChatBatchDraft = Required<Schemas["ChatBatchInputRequest"]>;

export type Attack = Answers["Attack"];
export type AttackCount = Answers["AttackCount"];
export type AttackLists = Answers["AttackLists"];

export type Role = Schemas["MembershipRole"];
export type Message = Schemas["ChatMessage"];
export type Project = Answers["Project"];
export type ProjectDraft = Schemas["ProjectInputRequest"];
export type ProjectChange = Schemas["PatchedProjectChangeRequest"];
export type GuidelineVersion = Answers["Guideline"];
export type Axis = Answers["LabelAxis"];
export type Flag = Answers["LabelFlag"];
export type LabelSchema = Answers["LabelSchema"];
export type LabelSchemaVersion = Answers["LabelSchemaVersion"];
export type Person = Answers["Person"];
export type ProvenanceRow = Answers["ProvenanceRow"];
export type Weights = Answers["Weights"];
export type PersonChange = Schemas["PatchedPersonChangeRequest"];
export type Invitation = Answers["Invitation"];
export type InvitationDraft = Schemas["InvitationInputRequest"];
export type ImportKind = Schemas["ImportKind"];
export type Import = Answers["Import"];
export type Split = Schemas["PromptSplit"];
export type Prompt = Answers["Prompt"];
export type PromptDetail = Answers["PromptDetail"];
export type Completion = Answers["Completion"];
export type Ranking = Answers["Ranking"];
export type StageKind = Schemas["StageKind"];
export type StageAction = Schemas["StageAction"];
export type StageCounts = Answers["StageCounts"];
export type StageOptions = Schemas["RecipeStage"];
export type StageAct = Schemas["StageActInputRequest"];
export type RoundStage = Answers["Stage"];
export type RoundSummary = Answers["RoundSummary"];
export type RoundDraft = Schemas["RoundInputRequest"];
export type RunKind = Schemas["RunKind"];
export type RunState = Schemas["RunState"];
export type TrainingRun = Answers["Run"];
export type RunInput = Answers["RunInput"];
export type RunDraft = Schemas["RunCreateRequest"];
export type MetricPoint = Answers["MetricPoint"];
export type Snapshot = Answers["Snapshot"];
export type SnapshotDraft = Schemas["SnapshotInputRequest"];
export type CheckpointRole = Schemas["CheckpointRole"];
export type Checkpoint = Answers["Checkpoint"];
export type CheckpointDetail = Answers["CheckpointDetail"];
export type CheckpointDraft = Schemas["CheckpointInputRequest"];
export type Evaluation = Answers["Evaluation"];
export type ComparedPrompt = Answers["Compared"];
export type SampledToken = Answers["SampledToken"];
export type SampleResult = Answers["Sample"];
export type SampleRequest = Required<Schemas["SampleInputRequest"]>;
export type Estimate = Answers["Estimate"];
export type AgreementReport = Answers["Agreement"];
export type LabelersQuality = Answers["LabelersQuality"];
export type LabelerQuality = Answers["LabelerRow"];
export type StageProgress = Answers["StageProgress"];
export type DayCount = Answers["DayCount"];
export type KindSeconds = Answers["KindSeconds"];

/** One option in a trainer's JSON schema, which the API passes on as it is. */
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
