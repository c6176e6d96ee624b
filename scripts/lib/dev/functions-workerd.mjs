// The functions under workerd, the runtime of Cloudflare Workers: all in one process, by miniflare.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { Miniflare } from "miniflare";
import { parse } from "smol-toml";

export async function startWorkerd({ root, functions, baselines, variables, onDeath }) {
  const { compatibility_date } = parse(await readFile(path.join(root, "wrangler.toml"), "utf8"));
  // A reload and the end close workerd's output as its death does.
  let expected = false;

  // The bundles are read when a function is (re)loaded, never while its build is replacing them.
  const bundles = new Map();
  const load = async (name) => {
    const script = baselines.get(name) ?? path.join(root, "functions", name, "build/index.js");
    const wasm = path.join(path.dirname(script), "index_bg.wasm");
    bundles.set(name, [
      { type: "ESModule", path: "index.js", contents: await readFile(script, "utf8") },
      ...(existsSync(wasm) ? [{ type: "CompiledWasm", path: "index_bg.wasm", contents: await readFile(wasm) }] : []),
    ]);
  };
  const options = () => ({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) {
        createInterface({ input: stream }).on("line", (line) => console.error(`[workerd] ${line}`));
      }
      stdout.once("close", () => expected || onDeath("workerd ended"));
    },
    workers: functions.map((name) => ({
      name,
      modules: bundles.get(name),
      compatibilityDate: compatibility_date,
      bindings: variables,
      // A route is matched with the query; of two that match, the longer one counts.
      routes: [`*/functions/v1/${name}*`],
    })),
  });

  await Promise.all(functions.map(load));
  const miniflare = keepSignals(() => new Miniflare(options()));
  await miniflare.ready;
  return {
    /** The address that serves a function; waits while the functions are being reloaded. */
    address: async () => (await miniflare.ready).origin,
    async reload(name) {
      await load(name);
      expected = true;
      await miniflare.setOptions(options());
      expected = false;
    },
    async stop() {
      expected = true;
      await miniflare.dispose();
    },
  };
}

/** Miniflare ends the process at a signal; here the other parts have to be stopped first. */
function keepSignals(create) {
  const signals = ["SIGINT", "SIGTERM"];
  const ours = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const created = create();
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) {
      if (!ours.get(signal).includes(listener)) process.off(signal, listener);
    }
  }
  return created;
}
