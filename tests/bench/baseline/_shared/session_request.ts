// What create-video-session is asked for.
import { readBody, uuid } from "./body.ts";
import { invalid } from "./errors.ts";
import { parseJoinUrl, type Provider } from "./join_url.ts";
import type { Context } from "./serve.ts";

export interface SessionRequest {
  title: string;
  description: string | null;
  scheduled_start: string;
  duration_minutes: number;
  timezone: string;
  max_participants: number | null;
  provider: Provider;
  /** The link the host pasted. */
  join_url: string | null;
  client_ids: string[];
  conversation_id: string | null;
  send_invite: boolean;
}

const FIELDS = [
  "title", "description", "scheduled_start", "duration_minutes", "timezone", "max_participants", "provider", "join_url",
  "client_id", "client_ids", "conversation_id", "send_invite",
] as const;
const PROVIDERS: readonly unknown[] = ["zoom", "meet", "jitsi", "teams", "manual", "openvidu"];
const MOST_CLIENTS = 50;
const GRACE_MS = 5 * 60_000;
const FARTHEST_MS = 2 * 366 * 24 * 3_600_000;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const TIMEZONE = /^(UTC|[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)+)$/;
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const CONTROL_BUT_LINES = /[^\P{Cc}\n\r\t]|[\u202a-\u202e\u2066-\u2069]/u;
const INVISIBLE = /^[\s\u00ad\u115f\u1160\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0]*$/;

export async function readSessionRequest({ request, env }: Context): Promise<SessionRequest> {
  const body = await readBody(request, FIELDS);
  const text = (field: string) => optional(body[field], field, "string");
  const title = text("title")?.trim();
  if (title === undefined) throw invalid("title", "is required");
  if (INVISIBLE.test(title)) throw invalid("title", "must not be empty");
  bounded("title", title, 200, CONTROL);
  const description = text("description")?.trim() || null;
  if (description !== null) bounded("description", description, 2000, CONTROL_BUT_LINES);
  const timezone = text("timezone") ?? "UTC";
  if (timezone.length > 64 || !TIMEZONE.test(timezone)) {
    throw invalid("timezone", "must be an IANA time zone name such as Europe/Berlin");
  }
  const duration = whole(body.duration_minutes, "duration_minutes", 1440);
  if (duration === null) throw invalid("duration_minutes", "is required");
  return {
    title,
    description,
    scheduled_start: start(text("scheduled_start")),
    duration_minutes: duration,
    timezone,
    max_participants: whole(body.max_participants, "max_participants", 1000),
    ...place(text("provider"), text("join_url"), env.JITSI_DOMAIN ?? "meet.jit.si"),
    client_ids: clients(body.client_id ?? null, body.client_ids ?? null),
    conversation_id: body.conversation_id == null ? null : uuid(body.conversation_id, "conversation_id"),
    send_invite: optional(body.send_invite, "send_invite", "boolean") ?? false,
  };
}

function place(named: string | undefined, link: string | undefined, jitsiDomain: string) {
  if (named !== undefined && !PROVIDERS.includes(named)) throw invalid("provider", "is not a provider");
  if (link !== undefined) {
    const { url, provider } = parseJoinUrl(link, jitsiDomain);
    if (named !== undefined && named !== provider) {
      throw invalid("join_url", "is not a link of the provider that was named");
    }
    return { provider, join_url: url };
  }
  const provider = (named ?? "zoom") as Provider;
  if (provider === "openvidu") throw invalid("provider", "openvidu rooms are created as meetings");
  if (provider !== "zoom" && provider !== "jitsi") {
    throw invalid("join_url", "is required for this provider: paste the link for participants");
  }
  return { provider, join_url: null };
}

function clients(one: unknown, many: unknown): string[] {
  if (one !== null && many !== null) throw invalid("client_ids", "cannot be given together with client_id");
  if (one !== null) return [uuid(one, "client_id")];
  if (many === null) return [];
  if (!Array.isArray(many)) throw invalid("client_ids", "must be a list of UUIDs");
  const named = [...new Set(many.map((id) => uuid(id, "client_ids")))];
  if (named.length > MOST_CLIENTS) throw invalid("client_ids", `must name at most ${MOST_CLIENTS} clients`);
  return named;
}

function start(text: string | undefined): string {
  if (text === undefined) throw invalid("scheduled_start", "is required");
  const time = RFC_3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw invalid("scheduled_start", "must be a time with an offset, such as 2026-05-01T09:00:00Z");
  if (time < Date.now() - GRACE_MS) throw invalid("scheduled_start", "must not be in the past");
  if (time > Date.now() + FARTHEST_MS) throw invalid("scheduled_start", "must be within two years");
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function bounded(field: string, text: string, longest: number, control: RegExp) {
  if (control.test(text)) throw invalid(field, "must not contain control characters");
  if ([...text].length > longest) throw invalid(field, `must have at most ${longest} characters`);
}

function whole(value: unknown, field: string, most: number): number | null {
  if (value == null) return null;
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most) {
    throw invalid(field, `must be a whole number from 1 to ${most}`);
  }
  return value as number;
}

function optional(value: unknown, field: string, type: "string"): string | undefined;
function optional(value: unknown, field: string, type: "boolean"): boolean | undefined;
function optional(value: unknown, field: string, type: "string" | "boolean") {
  if (value == null) return undefined;
  if (typeof value !== type) throw invalid(field, `must be a ${type}`);
  return value;
}
