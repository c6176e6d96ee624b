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

// A fault in one request must not take the others with it, which the end of the process would.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error(event.reason);
});

/** Serves a function. */
export function serve(worker: Worker): void {
  const env = Deno.env.toObject();
  Deno.serve(async (request) => {
    try {
      return await worker.fetch(request, env, context);
    } catch (error) {
      console.error(error);
      const body = { error: "Something went wrong on our side.", code: "internal", request_id: crypto.randomUUID() };
      return Response.json(body, { status: 500 });
    }
  });
}
