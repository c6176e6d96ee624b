// The functions under Deno, the engine of Supabase Edge Functions: one process each, running the
// same entry that is deployed.
import path from "node:path";
import { startChild } from "./child.mjs";

export async function startDeno({ root, functions, baselines, variables, onDeath }) {
  const running = new Map();
  const start = async (name) => {
    const program = baselines.get(name) ?? path.join(root, "supabase/functions", name, "index.ts");
    const { match, stop } = await startChild({
      name,
      command: denoProgram(root),
      args: ["run", "--no-prompt", "--cached-only", "--no-config", "--no-lock", "--allow-net", "--allow-env", path.basename(program)],
      cwd: path.dirname(program),
      env: {
        ...variables,
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
        DENO_NO_PACKAGE_JSON: "1",
        DENO_NO_UPDATE_CHECK: "1",
        NO_COLOR: "1",
        HOME: process.env.HOME,
      },
      ready: /^Listening on (http:\/\/[^/\s]+)/,
      onDeath,
    });
    return { url: match[1], stop };
  };
  const stopAll = () => Promise.all([...running.values()].map(({ stop }) => stop()));
  const started = await Promise.allSettled(functions.map(async (name) => running.set(name, await start(name))));
  const failed = started.find(({ status }) => status === "rejected");
  if (failed) {
    await stopAll();
    throw failed.reason;
  }
  return {
    /** The address that serves a function. */
    address: async (name) => running.get(name).url,
    async reload(name) {
      const old = running.get(name);
      running.set(name, await start(name));
      await old.stop();
    },
    stop: stopAll,
  };
}

// npm's `deno` command is a wrapper that would not pass signals on.
export function denoProgram(root) {
  const libc = process.platform === "linux" ? "-glibc" : "";
  return path.join(root, `node_modules/@deno/${process.platform}-${process.arch}${libc}/deno`);
}
