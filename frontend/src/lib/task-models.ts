/** Shapes of the labeler's and the account's part of the API, all from the generated schema. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type TokenScope = Schemas["ScopesEnum"];
export type Assignment = Schemas["Assignment"];
export type ShownCompletion = Schemas["AssignmentCompletion"];
export type ShownSchema = Schemas["AssignmentSchema"];
export type ShownAxis = Schemas["SchemaAxis"];
export type SkipReason = Schemas["SkipInputReasonEnum"];
export type TaskAnswer = Partial<Schemas["AnswerInputRequest"]>;
export type SubmitBody = Schemas["SubmitInputRequest"];
