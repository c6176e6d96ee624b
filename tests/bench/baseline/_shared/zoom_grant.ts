// A host's Zoom tokens, as they are stored: sealed.
import type { SupabaseClient } from "@supabase/supabase-js";
import { HttpError, internal } from "./errors.ts";
import { open, seal, zoomTokenContext } from "./seal.ts";
import type { Context } from "./serve.ts";
import { found } from "./supabase.ts";
import { expiry, GrantRefused, reconnectRequired, refresh, type Tokens } from "./zoom.ts";

interface Integration {
  access_token: string;
  refresh_token: string;
  expires_at: string;
  status: "connected" | "reconnect_required";
}

/** Tokens are refreshed when they expire within this. */
const MARGIN_MS = 2 * 60_000;

/** An access token of the host, refreshed if it must be. */
export async function accessToken(context: Context, supabase: SupabaseClient, userId: string): Promise<string> {
  const integration = found(
    await supabase
      .from("user_integrations_zoom")
      .select("access_token, refresh_token, expires_at, status")
      .eq("user_id", userId)
      .maybeSingle<Integration>(),
  );
  if (integration === null) {
    throw new HttpError(409, "zoom_not_connected", 'Connect Zoom first, paste a link as join_url, or use provider "jitsi"', {
      field: "provider",
    });
  }
  if (integration.status !== "connected") throw reconnectRequired();
  if (Date.parse(integration.expires_at) > Date.now() + MARGIN_MS) {
    return await opened(context, userId, integration.access_token);
  }
  try {
    const tokens = await refresh(context, await opened(context, userId, integration.refresh_token));
    found(await supabase.from("user_integrations_zoom").update(await sealed(context, userId, tokens)).eq("user_id", userId));
    return tokens.access_token;
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    found(await supabase.from("user_integrations_zoom").update({ status: "reconnect_required" }).eq("user_id", userId));
    throw reconnectRequired();
  }
}

/** The columns of new tokens. */
export async function sealed({ env }: Context, userId: string, tokens: Tokens) {
  const context = zoomTokenContext(userId);
  return {
    access_token: await seal(env, context, tokens.access_token),
    refresh_token: await seal(env, context, tokens.refresh_token),
    expires_at: expiry(tokens),
    scope: tokens.scope,
  };
}

async function opened({ env }: Context, userId: string, token: string): Promise<string> {
  const text = await open(env, zoomTokenContext(userId), token);
  if (text === null) throw internal("a sealed token does not open");
  return text;
}
