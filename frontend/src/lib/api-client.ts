import createClient, { type Middleware } from "openapi-fetch";

import type { Whole } from "./models";
import type { paths } from "./schema";

/** The one error of every request: the API's {error: {code, message, fields, field_codes}}, or "network" when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly fieldCodes: Record<string, string> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }

  get isRetryable(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
let csrfToken = "";
let onSignedOut = () => {};

/** The token comes with every session answer, and changes when somebody signs in. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Called when the server no longer knows who asks. */
export function setSignedOutListener(listener: () => void): void {
  onSignedOut = listener;
}

export function csrfHeader(): Record<string, string> {
  return { "X-CSRFToken": csrfToken };
}

const protect: Middleware = {
  onRequest({ request }) {
    if (!SAFE_METHODS.has(request.method) && csrfToken) request.headers.set("X-CSRFToken", csrfToken);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
api.use(protect);

interface ErrorBody {
  code?: string;
  message?: string;
  fields?: Record<string, string>;
  field_codes?: Record<string, string>;
}

function errorFrom(status: number, body: unknown): ApiError {
  const { error } = (body ?? {}) as { error?: ErrorBody };
  if (error?.code) return new ApiError(status, error.code, error.message ?? error.code, error.fields, error.field_codes);
  return new ApiError(status, "unexpected", `The server answered ${status}. Try again in a moment.`);
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; every other outcome is thrown as ApiError. */
export async function unwrap<T>(request: Promise<Answer<T>>): Promise<Whole<T>> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new ApiError(0, "network", "The server cannot be reached. Check the connection; your work is kept.");
  }
  if (answer.response.ok) return answer.data as Whole<T>;
  const error = errorFrom(answer.response.status, answer.error);
  if (error.code === "not_signed_in") onSignedOut();
  throw error;
}
