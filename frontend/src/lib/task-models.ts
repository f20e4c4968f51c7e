/** Shapes of the labeler's and the account's part of the API, all from the generated schema. */

import type { Whole } from "./models";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type TokenScope = Schemas["ScopesEnum"];
export type Assignment = Whole<Schemas["Assignment"]>;
export type ShownCompletion = Whole<Schemas["AssignmentCompletion"]>;
export type ShownSchema = Whole<Schemas["AssignmentSchema"]>;
export type ShownAxis = Whole<Schemas["SchemaAxis"]>;
export type Needs = Whole<Schemas["Needs"]>;
export type TaskNeeds = Schemas["ReopenInputRequest"];
export type AiUse = Schemas["AiUse"];
export type SkipReason = Schemas["SkipReason"];
export type TaskAnswer = Schemas["TaskAnswerRequest"];
export type SubmitBody = Schemas["SubmitInputRequest"];
export type Chat = Whole<Schemas["Chat"]>;
export type ChatTurn = Whole<Schemas["Turn"]>;
export type ChatMessageBody = Schemas["ChatMessageInputRequest"];
