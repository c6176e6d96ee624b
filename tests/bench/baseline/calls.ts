// The floor under a function: its upstream calls alone, one after the other, and nothing else.
import { required } from "./_shared/config.ts";
import type { Env } from "./_shared/serve.ts";

export async function handle(request: Request, env: Env): Promise<Response> {
  await request.arrayBuffer();
  const headers = { apikey: "sb_publishable_bench", "content-type": "application/json" };
  for (let calls = Number(new URL(request.url).searchParams.get("calls")); calls > 0; calls--) {
    const answer = await fetch(`${required(env, "SUPABASE_URL")}/called`, { method: "POST", headers, body: "{}" });
    await answer.json();
  }
  return new Response("called");
}
