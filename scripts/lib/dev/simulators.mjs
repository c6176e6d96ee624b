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

// supabase/seed.sql has them.
const SEEDED_TRAINER = "00000000-0000-4000-8000-000000000001";

/**
 * Gives the seeded trainer a Zoom account at the simulator, so that a first session can be a Zoom session. The
 * simulator forgets its accounts when it stops, so this is done at each start.
 */
export async function connectSeededTrainer(url) {
  const answer = await fetch(`${url}/simulator/zoom/connect`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user_id: SEEDED_TRAINER }),
  });
  if (!answer.ok) console.error(`warning: trainer@convene.example is not connected to Zoom: ${await answer.text()}`);
}
