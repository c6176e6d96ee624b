// The body of a request, as a JSON object.
import { HttpError, invalid } from "./errors.ts";

const LARGEST_BODY = 64 * 1024;

/** Reads the body: an object that has no other fields than these. */
export async function readBody(request: Request, fields: readonly string[]): Promise<Record<string, unknown>> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type !== "application/json") {
    throw new HttpError(415, "unsupported_media_type", "Send the body as Content-Type: application/json.");
  }
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > LARGEST_BODY) {
    throw new HttpError(413, "too_large", `The body is larger than ${LARGEST_BODY} bytes.`);
  }
  const body = parse(new TextDecoder().decode(bytes));
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalid("body", "must be a JSON object");
  const unknown = Object.keys(body).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw invalid(unknown, "is not a field of this request");
  return body as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, "malformed_json", "The body is not valid JSON.");
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function uuid(value: unknown, field: string): string {
  if (typeof value !== "string" || !UUID.test(value)) throw invalid(field, "must be a UUID");
  return value.toLowerCase();
}
