// Zoom's API and its OAuth, with plain fetch.
import { required, supabaseUrl } from "./config.ts";
import { HttpError, providerFailed } from "./errors.ts";
import { ask, read } from "./provider.ts";
import type { Context, Env } from "./serve.ts";

export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  scope: string;
}

export interface Account {
  id: string;
  account_id?: string;
  email?: string;
}

export interface Meeting {
  id: number;
  join_url: string;
  start_url: string;
}

/** Zoom says that a code or a refresh token is worth nothing. */
export class GrantRefused extends Error {}

const SCHEDULED = 2;
const MISSING_SCOPE = [4700, 4711];
const INVALID_TOKEN = 124;
const DEFAULT_WAIT_SECONDS = 10;

const NEEDED_SCOPES = [
  ["meeting:write", "meeting:write:meeting"],
  ["meeting:write", "meeting:update:meeting"],
  ["meeting:write", "meeting:delete:meeting"],
  ["meeting:write", "meeting:update:status"],
  ["meeting:read", "meeting:read:meeting"],
  ["meeting:read", "meeting:read:list_meetings"],
  ["user:read", "user:read:user"],
];

export function allowsEverything(scope: string): boolean {
  const granted = scope.split(/\s+/);
  return NEEDED_SCOPES.every((either) => either.some((needed) => granted.includes(needed)));
}

export const redirectUri = (env: Env) =>
  env.ZOOM_REDIRECT_URI ?? `${supabaseUrl(env)}/functions/v1/zoom-oauth-callback`;

/** When an access token expires. */
export const expiry = (tokens: Tokens) => new Date(Date.now() + tokens.expires_in * 1000).toISOString();

export async function exchangeCode(context: Context, code: string, verifier: string): Promise<Tokens> {
  return await tokens(context, {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri(context.env),
    code_verifier: verifier,
  });
}

export async function refresh(context: Context, refreshToken: string): Promise<Tokens> {
  return await tokens(context, { grant_type: "refresh_token", refresh_token: refreshToken });
}

/** Gives a grant back. Best effort: whoever calls this has a failure to tell of already. */
export async function revoke(context: Context, accessToken: string): Promise<void> {
  const answer = await oauth(context, "revoke", { token: accessToken }).catch(() => null);
  await answer?.body?.cancel();
}

export async function account(context: Context, accessToken: string): Promise<Account> {
  const account = await read<Partial<Account>>(await api(context, accessToken, "GET", "/users/me"));
  if (!account.id) throw providerFailed("an unreadable account");
  return account as Account;
}

export async function createMeeting(
  context: Context,
  accessToken: string,
  plan: { topic: string; agenda?: string; start_time: string; duration: number; timezone: string; password: string },
): Promise<Meeting> {
  const body = { ...plan, type: SCHEDULED, settings: { waiting_room: true, join_before_host: false } };
  const answer = await api(context, accessToken, "POST", "/users/me/meetings", body);
  if (answer.status >= 400 && answer.status < 500) throw await refusal(answer);
  const meeting = await read<Partial<Meeting>>(answer);
  if (!meeting.id || !meeting.join_url || !meeting.start_url) throw providerFailed("an unreadable meeting");
  return meeting as Meeting;
}

/** Best effort: undoes a meeting whose session was not written. */
export async function deleteMeeting(context: Context, accessToken: string, id: number): Promise<void> {
  const answer = await api(context, accessToken, "DELETE", `/meetings/${id}`).catch(() => null);
  await answer?.body?.cancel();
}

async function tokens(context: Context, form: Record<string, string>): Promise<Tokens> {
  const answer = await oauth(context, "token", form);
  if (answer.status === 400 || answer.status === 401) {
    const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
    if (error === "invalid_grant" || error === "invalid_request") throw new GrantRefused(error);
    throw providerFailed(`Zoom's OAuth: status ${answer.status}`);
  }
  const pair = await read<Partial<Tokens>>(answer);
  if (!pair.access_token || !pair.refresh_token || !pair.expires_in) throw providerFailed("unreadable tokens");
  return { scope: "", ...pair } as Tokens;
}

async function oauth(context: Context, endpoint: string, form: Record<string, string>): Promise<Response> {
  const { env } = context;
  const app = btoa(`${required(env, "ZOOM_CLIENT_ID")}:${required(env, "ZOOM_CLIENT_SECRET")}`);
  return await ask(context, `${env.ZOOM_OAUTH_URL ?? "https://zoom.us/oauth"}/${endpoint}`, {
    method: "POST",
    headers: { authorization: `Basic ${app}`, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
}

async function api(context: Context, accessToken: string, method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${accessToken}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  return await ask(context, `${context.env.ZOOM_API_URL ?? "https://api.zoom.us/v2"}${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function refusal(answer: Response): Promise<HttpError> {
  const { code = 0 } = (await answer.json().catch(() => ({}))) as { code?: number };
  if (MISSING_SCOPE.includes(code)) {
    return new HttpError(409, "zoom_scope_missing", "Zoom was connected without a permission that this needs: connect it again.");
  }
  if (answer.status === 401 || code === INVALID_TOKEN) return reconnectRequired();
  if (answer.status === 429) {
    const message = "Zoom takes no more requests from this user for now.";
    return new HttpError(429, "zoom_rate_limited", message, { retryAfter: retryAfter(answer) });
  }
  if (answer.status === 404) return providerFailed("Zoom: not found");
  return new HttpError(409, "zoom_refused", `Zoom refused this meeting (code ${code}).`);
}

export const reconnectRequired = () =>
  new HttpError(409, "zoom_reconnect_required", "The connection to Zoom no longer works: connect Zoom again.");

/** Zoom's Retry-After is a time, not seconds. */
function retryAfter(answer: Response): number {
  const until = Date.parse(answer.headers.get("retry-after") ?? "");
  if (Number.isNaN(until)) return DEFAULT_WAIT_SECONDS;
  return Math.max(1, Math.ceil((until - Date.now()) / 1000));
}
