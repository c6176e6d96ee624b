// From the start of a workerd process to its first answer: each function beside a hello-world in JavaScript.
// The rounds are interleaved, so that a machine that slows down slows all of them.
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { parse } from "smol-toml";
import workerd from "workerd";
import { listen } from "./dev/port.mjs";

const ROUNDS = 15;
const functions = process.argv.slice(2);
const root = path.resolve(import.meta.dirname, "../..");
const { compatibility_date } = parse(await readFile(path.join(root, "wrangler.toml"), "utf8"));
const folder = await mkdtemp(path.join(os.tmpdir(), "convene-bench-"));

// Enough configuration for a function to answer; nothing is called.
const variables = { SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_PUBLISHABLE_KEY: "none", SUPABASE_SECRET_KEY: "none" };

const capnp = (modules, port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "${compatibility_date}",
  modules = [${modules}],
  bindings = [${Object.entries(variables).map(([name, text]) => `(name = "${name}", text = "${text}")`)}],
);
`;

async function prepare(name) {
  const [wasm, js] = [`${name}_bg.wasm`, `${name}.js`];
  if (name === "hello-world") {
    await writeFile(path.join(folder, js), `export default { fetch: () => new Response("hello") };`);
    return `(name = "index.js", esModule = embed "${js}")`;
  }
  const build = path.join(root, "functions", name, "build");
  await copyFile(path.join(build, "index.js"), path.join(folder, js));
  await copyFile(path.join(build, "index_bg.wasm"), path.join(folder, wasm));
  return `(name = "index.js", esModule = embed "${js}"), (name = "index_bg.wasm", wasm = embed "${wasm}")`;
}

const answers = (port) =>
  new Promise((resolve, reject) => {
    http.request({ port, host: "127.0.0.1", method: "OPTIONS", agent: false }, (answer) => {
      answer.resume().on("end", () => (answer.statusCode < 300 ? resolve(true) : reject(new Error(`status ${answer.statusCode}`))));
    }).on("error", () => resolve(false)).end();
  });

async function freePort() {
  const server = http.createServer();
  await listen(server, 0);
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Milliseconds from the start of the process to the first answer. */
async function startUp(name, modules) {
  const port = await freePort();
  const config = path.join(folder, `${name}.capnp`);
  await writeFile(config, capnp(modules, port));
  const started = performance.now();
  const child = spawn(workerd.default, ["serve", config], { stdio: ["ignore", "ignore", "ignore"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`workerd ended at once for ${name}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return performance.now() - started;
  } finally {
    child.kill();
    await ended;
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  const names = ["hello-world", ...functions];
  const modules = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await prepare(name)])));
  const measured = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) measured[name].push(await startUp(name, modules[name]));
    process.stderr.write(`\rround ${round + 1} of ${ROUNDS}`);
  }
  process.stderr.write("\n");
  const floor = median(measured["hello-world"]);
  console.log(`${os.cpus()[0].model}, ${os.cpus().length} cores, medians of ${ROUNDS} starts of workerd`);
  for (const name of names) {
    const [ms, least, most] = [median(measured[name]), Math.min(...measured[name]), Math.max(...measured[name])];
    const figures = [ms, least, most].map((value) => value.toFixed(0).padStart(4));
    console.log(`${name.padEnd(24)}${figures[0]} ms (${figures[1]} to${figures[2]})  ${(ms / floor).toFixed(2)} times hello-world`);
  }
} finally {
  await rm(folder, { recursive: true });
}
