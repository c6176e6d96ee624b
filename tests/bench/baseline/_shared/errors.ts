// What a function answers when it does not do what it was asked: the envelope that the apps know.

/** A failure with its status and stable code. What only the log may see is its `cause`. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly more: { field?: string; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
  }
}

export const unauthenticated = (cause?: unknown) =>
  new HttpError(401, "unauthenticated", "Sign in first: a valid access token is required.", { cause });

export const invalid = (field: string, reason: string) =>
  new HttpError(422, "invalid_field", `${field}: ${reason}`, { field });

export const providerFailed = (cause: unknown) =>
  new HttpError(502, "provider_failed", "The video provider could not do this. Try again later.", { cause });

export const providerTimedOut = (cause: unknown) =>
  new HttpError(504, "provider_timed_out", "The video provider did not answer in time.", { retryAfter: 5, cause });

export const unavailable = (cause: unknown) =>
  new HttpError(503, "unavailable", "The service is not available right now. Try again in a moment.", {
    retryAfter: 5,
    cause,
  });

export const internal = (cause: unknown) =>
  new HttpError(500, "internal", "Something went wrong on our side.", { cause });
