// Around every function: CORS, the method, the request id, the error envelope, and one log line.
import { HttpError, internal } from "./errors.ts";

export type Env = Record<string, string | undefined>;

/** A request on its way through a function. */
export interface Context {
  request: Request;
  env: Env;
  requestId: string;
  /** For the log, of an answer that is no error. */
  note?: { code: string; cause?: unknown };
}

/** Answers a request, or throws an `HttpError`. */
export type Handler = (context: Context) => Promise<Response>;

const ALLOWED_HEADERS =
  "authorization, x-client-info, apikey, content-type, x-region, x-retry-count, traceparent, tracestate, baggage, " +
  "x-request-id, idempotency-key, x-meeting-passcode";
const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

export async function serve(name: string, method: string, request: Request, env: Env, handler: Handler): Promise<Response> {
  const started = Date.now();
  const requestId = readRequestId(request.headers);
  const context: Context = { request, env, requestId };
  let response: Response;
  try {
    response = await answer(method, context, handler);
  } catch (error) {
    const failure = error instanceof HttpError ? error : internal(error);
    context.note = { code: failure.code, cause: failure.cause };
    response = envelope(failure, requestId);
  }
  applyCors(request, env, response.headers);
  response.headers.set("x-request-id", requestId);
  response.headers.set("cache-control", "no-store");
  log({
    function: name,
    request_id: requestId,
    status: response.status,
    code: context.note?.code,
    cause: context.note?.cause === undefined ? undefined : String(context.note.cause),
    milliseconds: Date.now() - started,
  });
  return response;
}

async function answer(method: string, context: Context, handler: Handler): Promise<Response> {
  if (context.request.method === "OPTIONS") {
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": method,
        "access-control-allow-headers": ALLOWED_HEADERS,
        "access-control-max-age": "3600",
      },
    });
  }
  if (context.request.method !== method) {
    throw new HttpError(405, "method_not_allowed", `This function answers ${method}.`);
  }
  return await handler(context);
}

function envelope(error: HttpError, requestId: string): Response {
  const { field, retryAfter } = error.more;
  const body = {
    error: error.message,
    code: error.code,
    details: field === undefined ? undefined : { field },
    request_id: requestId,
  };
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  return Response.json(body, { status: error.status, headers });
}

function applyCors(request: Request, env: Env, headers: Headers) {
  headers.append("vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null) return;
  const listed = env.ALLOWED_ORIGINS?.split(",").map((allowed) => allowed.trim());
  if (listed ? listed.includes(origin) : LOCAL_ORIGIN.test(origin)) {
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", "x-request-id, retry-after");
  }
}

function readRequestId(headers: Headers): string {
  const sent = headers.get("x-request-id");
  return sent !== null && /^[A-Za-z0-9-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
}

function log(line: { status: number } & Record<string, unknown>) {
  const text = JSON.stringify(line);
  if (line.status >= 500) console.error(text);
  else console.log(text);
}
