// Runs a function that was built for Cloudflare Workers under Deno: on Supabase Edge Functions, and
// locally with `scripts/dev --runtime deno`.
import "./fetch_once.ts";

/** A bundle's entry point, as Cloudflare calls it. */
interface Worker {
  fetch(request: Request, env: Record<string, string>, context: ExecutionContext): Promise<Response>;
}

interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void;
}

// Supabase keeps a function alive until promises given to this are settled; plain Deno has no need to.
const edgeRuntime =
  (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime;

const context: ExecutionContext = {
  waitUntil: (work) => edgeRuntime?.waitUntil(work),
};

/** Serves a function, whose bundle answers whatever goes wrong in it. */
export function serve(worker: Worker): void {
  const env = Deno.env.toObject();
  Deno.serve((request) => worker.fetch(request, env, context));
}
