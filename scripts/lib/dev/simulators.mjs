// The provider simulators: a process of the crate in tests/.
import path from "node:path";
import { startChild } from "./child.mjs";

/** @returns {Promise<{url: string, stop: () => Promise<void>}>} */
export async function startSimulators({ root, variables, onDeath }) {
  const target = process.env.CARGO_TARGET_DIR ?? "target";
  const { match, stop } = await startChild({
    name: "simulators",
    command: path.resolve(root, target, "debug/simulators"),
    env: variables,
    ready: /^listening (http:\S+)$/,
    onDeath,
  });
  return { url: match[1], stop };
}
