// Runs tests against one function alone, without a stack, in both runtimes.
import path from "node:path";
import { after, before, describe, mock } from "node:test";
import { startDeno } from "../../scripts/lib/dev/functions-deno.mjs";
import { startWorkerd } from "../../scripts/lib/dev/functions-workerd.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * @param {{name: string, programs?: {workerd: string, deno: string}, variables?: Record<string, string>}} options
 *   `programs` are in this folder, for one that is not the product's.
 * @param {(served: {url?: string, log: string[]}, runtime: string) => void} tests defines them; `url` is known when they run.
 */
export function inBothRuntimes({ name, programs, variables = {} }, tests) {
  for (const [runtime, start] of [["workerd", startWorkerd], ["deno", startDeno]]) {
    describe(runtime, () => {
      const served = { log: [] };
      let running;
      before(async () => {
        mock.method(console, "error", (line) => served.log.push(line.replace(/^\[\S+\] /, "")));
        const baselines = new Map(programs && [[name, path.join(import.meta.dirname, programs[runtime])]]);
        const onDeath = (reason) => served.log.push(reason);
        running = await start({ root, functions: [name], baselines, variables, onDeath });
        served.url = `${await running.address(name)}/functions/v1/${name}`;
      });
      after(() => running?.stop());
      tests(served, runtime);
    });
  }
}
