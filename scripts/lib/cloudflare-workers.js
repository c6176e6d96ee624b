// Stands in for the module `cloudflare:workers` where a function runs under Deno: the bundle that
// worker-build makes only derives its entry point from this class and reads `ctx` and `env` from it.
export class WorkerEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}
