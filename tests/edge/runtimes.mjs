// Runs tests against one function alone, without a stack, in both runtimes, and speaks to it as no HTTP client does.
import net from "node:net";
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

/**
 * One connection: all that came back on it when it ended, or when that was enough.
 * @param {string} url
 * @param {(socket: net.Socket) => void} begin sends what is sent at once
 * @param {(got: string, socket: net.Socket) => boolean} isEnough is asked at each part of the answer
 */
export function exchange(url, begin, isEnough) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let got = "";
    const socket = net.connect(Number(port), hostname, () => begin(socket));
    const hangs = setTimeout(() => reject(new Error(`neither answered nor closed:\n${got}`)), 20_000);
    const done = () => {
      clearTimeout(hangs);
      socket.destroy();
      resolve(got);
    };
    socket.setEncoding("utf8").on("data", (text) => {
      got += text;
      if (isEnough(got, socket)) done();
    });
    // Deno resets a connection whose chunks make no sense.
    socket.once("error", done).once("close", done);
  });
}
