// The variables that are set.
import { internal } from "./errors.ts";
import type { Env } from "./serve.ts";

export function required(env: Env, name: string): string {
  const value = env[name];
  if (!value) throw internal(`the variable ${name} is not set`);
  return value;
}

export const supabaseUrl = (env: Env) => required(env, "SUPABASE_URL");
export const publishableKey = (env: Env) => env.SUPABASE_PUBLISHABLE_KEY ?? required(env, "SUPABASE_ANON_KEY");
export const secretKey = (env: Env) => env.SUPABASE_SECRET_KEY ?? required(env, "SUPABASE_SERVICE_ROLE_KEY");
export const providerTimeout = (env: Env) => Number(env.PROVIDER_TIMEOUT_MS ?? 10_000);
