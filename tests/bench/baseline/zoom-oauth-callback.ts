// zoom-oauth-callback, as a function over tables with supabase-js.
//
// It does less than Convene's, which is to its advantage: it does not remember which flows are finished (Zoom takes each code
// once), so that somebody who approves a flow again with another Zoom account replaces the first; and it ends the connection of
// whoever had this Zoom account before and stores the new one in two steps, not together.
import type { SupabaseClient } from "@supabase/supabase-js";
import { HttpError } from "./_shared/errors.ts";
import { defaultTarget, findTarget, withOutcome } from "./_shared/return_target.ts";
import { open, ZOOM_STATE_CONTEXT } from "./_shared/seal.ts";
import { type Context, type Env, serve } from "./_shared/serve.ts";
import { asService, found } from "./_shared/supabase.ts";
import { type Account, account, allowsEverything, exchangeCode, GrantRefused, revoke, type Tokens } from "./_shared/zoom.ts";
import { sealed } from "./_shared/zoom_grant.ts";

/** What zoom-oauth-start sealed. */
interface State {
  user_id: string;
  verifier: string;
  return_to: string;
  expires_at: string;
}

/** Why Zoom was not connected, as the app hears it. */
class Failure extends Error {
  constructor(readonly reason: string, cause?: unknown) {
    super(reason, { cause });
  }
}

/** PostgreSQL's code for a row that refers to none. */
const FOREIGN_KEY_VIOLATION = "23503";

export function handle(request: Request, env: Env): Promise<Response> {
  return serve("zoom-oauth-callback", "GET", request, env, finish);
}

async function finish(context: Context): Promise<Response> {
  let target = defaultTarget(context.env);
  try {
    const query = new URL(context.request.url).searchParams;
    const state = await readState(context.env, query);
    const wanted = findTarget(context.env, state.return_to);
    if (wanted === null) throw new Failure("state_invalid");
    target = wanted;
    await connect(context, state, query);
    return redirect(withOutcome(target, "connected"));
  } catch (error) {
    const failure = asFailure(error);
    context.note = { code: failure.reason, cause: failure.cause };
    return redirect(withOutcome(target, "error", failure.reason));
  }
}

async function readState(env: Env, query: URLSearchParams): Promise<State> {
  const [sealedState, ...others] = query.getAll("state").filter((value) => value !== "");
  if (sealedState === undefined) throw new Failure("state_missing");
  const opened = others.length === 0 ? await open(env, ZOOM_STATE_CONTEXT, sealedState) : null;
  if (opened === null) throw new Failure("state_invalid");
  const state = JSON.parse(opened) as Partial<State>;
  if (!state.user_id || !state.verifier || !state.return_to || !state.expires_at) throw new Failure("state_invalid");
  return state as State;
}

async function connect(context: Context, state: State, query: URLSearchParams) {
  if (Date.now() >= Date.parse(state.expires_at)) throw new Failure("state_expired");
  const error = query.get("error");
  if (error === "access_denied") throw new Failure("access_denied");
  if (error) throw new Failure("zoom_failed", "Zoom's authorization page sent an error");
  const codes = query.getAll("code").filter((value) => value !== "");
  if (codes.length !== 1) throw new Failure("code_refused");

  const tokens = await exchangeCode(context, codes[0]!, state.verifier);
  try {
    if (!allowsEverything(tokens.scope)) throw new Failure("scope_missing");
    await store(context, state.user_id, tokens, await account(context, tokens.access_token));
  } catch (failure) {
    await revoke(context, tokens.access_token);
    throw failure;
  }
}

async function store(context: Context, userId: string, tokens: Tokens, zoom: Account) {
  const supabase = asService(context);
  await endOtherConnections(supabase, userId, zoom.id);
  const stored = await supabase.from("user_integrations_zoom").upsert(
    {
      user_id: userId,
      ...(await sealed(context, userId, tokens)),
      status: "connected",
      zoom_user_id: zoom.id,
      zoom_account_id: zoom.account_id,
      zoom_account_email: zoom.email,
      connected_at: new Date().toISOString(),
    },
    { onConflict: "user_id" },
  );
  if (stored.error?.code === FOREIGN_KEY_VIOLATION) throw new Failure("state_invalid");
  found(stored);
}

/** Zoom gives a user of its own one grant for an app: this one ended any other, and whoever held it should know. */
async function endOtherConnections(supabase: SupabaseClient, userId: string, zoomUserId: string) {
  const replaced = found(
    await supabase
      .from("user_integrations_zoom")
      .update({ status: "reconnect_required" })
      .eq("zoom_user_id", zoomUserId)
      .eq("status", "connected")
      .neq("user_id", userId)
      .select("user_id")
      .returns<{ user_id: string }[]>(),
  )!;
  if (replaced.length === 0) return;
  const notices = replaced.map(({ user_id }) => ({
    user_id,
    type: "zoom_reconnect_required",
    title: "Connect Zoom again",
    body: "Your Zoom account was connected once more, which ended the connection here.",
    data: {},
  }));
  found(await supabase.from("notifications").insert(notices));
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof GrantRefused) return new Failure("code_refused");
  if (!(error instanceof HttpError)) return new Failure("internal", error);
  switch (error.code) {
    case "unavailable":
      return new Failure("unavailable", error.cause);
    case "provider_failed":
    case "provider_timed_out":
      return new Failure("zoom_failed", error.cause);
    default:
      return new Failure("internal", error.cause ?? error.code);
  }
}

/** The way on. It does not tell where it came from: the callback's URL has the code in it. */
function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location, "referrer-policy": "no-referrer" } });
}
