// Child processes of scripts/dev.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const STOP_TIMEOUT_MS = 5000;

// Whatever way this process ends, its children end too.
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Starts a program whose output goes to standard error, marked with its name, and waits until a
 * line of its output matches `ready`.
 *
 * @param {(reason: string) => void} onDeath called when it ends without having been stopped
 * @returns {Promise<{match: RegExpMatchArray, stop: () => Promise<void>}>}
 */
export async function startChild({ name, command, args = [], cwd, env, ready, onDeath }) {
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  let stopping = false;
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `ended by ${signal}` : `ended with status ${code}`));
  });
  ended.then(() => running.delete(child));
  const match = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        const found = ready.exec(line);
        if (found) resolve(found);
        else console.error(`[${name}] ${line}`);
      });
    }
  });
  const stop = async () => {
    stopping = true;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  };
  const first = await Promise.race([match, ended]);
  if (typeof first === "string") throw new Error(`${name} did not start: ${first}`);
  ended.then((reason) => stopping || onDeath(`${name} ${reason}`));
  return { match: first, stop };
}
