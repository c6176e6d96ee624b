// supabase-js, as the caller and as the service.
import { createClient, isAuthRetryableFetchError, type PostgrestError, type SupabaseClient } from "@supabase/supabase-js";
import { publishableKey, secretKey, supabaseUrl } from "./config.ts";
import { HttpError, internal, unauthenticated, unavailable } from "./errors.ts";
import type { Context } from "./serve.ts";

/** A signed-in user. */
export interface Caller {
  id: string;
  /** Asks with the caller's own token, so that row-level security applies. */
  supabase: SupabaseClient;
}

const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };

/** Who is calling. A token signed with the project's key is verified here, by the keys that supabase-js caches; for one under
 * the legacy secret supabase-js asks the auth server. */
export async function authenticate(context: Context): Promise<Caller> {
  const authorization = context.request.headers.get("authorization");
  const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw unauthenticated("no bearer token");
  const supabase = createClient(supabaseUrl(context.env), publishableKey(context.env), {
    auth,
    global: { headers: { Authorization: `Bearer ${token}`, "x-request-id": context.requestId } },
  });
  const { data, error } = await supabase.auth.getClaims(token).catch((error: unknown) => {
    // What has the form of a token and is none inside.
    throw unauthenticated(error);
  });
  if (isAuthRetryableFetchError(error)) throw unavailable(error);
  if (error || data?.claims.role !== "authenticated") throw unauthenticated(error ?? "not a user's token");
  return { id: data.claims.sub, supabase };
}

/** Asks as the service, which row-level security does not hold. */
export function asService(context: Context): SupabaseClient {
  return createClient(supabaseUrl(context.env), secretKey(context.env), {
    auth,
    global: { headers: { "x-request-id": context.requestId } },
  });
}

/** What a query found. The refusals of the database's own rules are passed on. */
export function found<T>({ data, error, status }: { data: T; error: PostgrestError | null; status: number }): T {
  if (error === null) return data;
  if (status >= 400 && status < 500 && /^[a-z_]+$/.test(error.code)) {
    throw new HttpError(status, error.code, error.message, { field: error.details || undefined });
  }
  const cause = `database: status ${status}, code ${error.code}`;
  if (status === 401) throw unauthenticated(cause);
  if (status === 403) throw new HttpError(403, "forbidden", "You may not do this.", { cause });
  throw status === 0 || status >= 500 ? unavailable(cause) : internal(cause);
}
