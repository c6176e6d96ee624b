// Runs the local stack; scripts/dev calls it when everything is built. See scripts/dev --help.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseOptions, UserError } from "./dev/options.mjs";
import { listen } from "./dev/port.mjs";

const root = path.resolve(import.meta.dirname, "../..");
process.chdir(root);

// What has been started, to be stopped in the opposite order.
const started = [];
let startup;
let stopping = false;
const STARTUP_GRACE_MS = 5000;

/** Starts a part unless the stack is being stopped. */
async function part(start) {
  if (stopping) throw new Error("stopped");
  const running = await start();
  started.push(running.stop);
  return running;
}

async function stop(status) {
  if (stopping) return;
  stopping = true;
  // A part that is just being started must be stopped too, unless that takes too long.
  await Promise.race([startup?.catch(() => {}), sleep(STARTUP_GRACE_MS)]);
  while (started.length > 0) {
    try {
      await started.pop()();
    } catch (error) {
      console.error(`error while stopping: ${error.message}`);
    }
  }
  process.exit(status);
}

function die(reason) {
  if (stopping) return;
  console.error(`error: ${reason}`);
  stop(1);
}

async function run(options) {
  // Imported late: --check works before the npm packages are installed.
  const { startGateway } = await import("./dev/gateway.mjs");
  const { claimInstance } = await import("./dev/instance.mjs");
  const { loadSecrets } = await import("./dev/secrets.mjs");
  const { asEnvFile, developerVariables } = await import("./dev/variables.mjs");

  const gateway = await part(() => startGateway(options.port));
  let instance;
  if (!options.ephemeral) {
    await mkdir(".dev", { recursive: true, mode: 0o700 });
    instance = await part(claimInstance);
  }
  const secrets = await loadSecrets(options.ephemeral ? undefined : ".dev/secrets.json");
  const stack = { ...(await startParts(options, gateway, secrets)), url: gateway.url, secrets };
  await untilReady(stack);

  const text = asEnvFile(developerVariables({ ...stack, ...options }));
  if (options.envFile) {
    await writeFile(options.envFile, text, { mode: 0o600 });
    if (options.ephemeral) started.push(() => rm(options.envFile, { force: true }));
  }
  instance?.publish(text);
  await startHelpers(options, stack);
  console.log(`ready ${gateway.url}`);
}

async function startParts(options, gateway, secrets) {
  const { buildBaselines } = await import("./dev/baselines.mjs");
  const { startSupabase } = await import("./dev/local-supabase.mjs");
  const { connectSeededTrainer, startSimulators } = await import("./dev/simulators.mjs");
  const { functionVariables, simulatorVariables } = await import("./dev/variables.mjs");
  const start = options.runtime === "deno"
    ? (await import("./dev/functions-deno.mjs")).startDeno
    : (await import("./dev/functions-workerd.mjs")).startWorkerd;

  const supabase = await part(() =>
    startSupabase({
      root,
      database: options.database,
      folder: options.ephemeral ? undefined : path.join(root, ".dev/database"),
      ephemeral: options.ephemeral,
      secrets,
      url: gateway.url,
    })
  );
  gateway.open({ supabase });

  const simulators = await part(() =>
    startSimulators({ root, variables: simulatorVariables({ ...options, secrets, url: gateway.url }), onDeath: die })
  );
  if (!process.env.ZOOM_API_URL) await connectSeededTrainer(simulators.url);

  const functions = (await readdir("functions")).filter((name) => existsSync(`functions/${name}/Cargo.toml`));
  const variables = functionVariables({ ...options, secrets, url: gateway.url, simulatorsUrl: simulators.url });
  const baselines = options.baseline ? await buildBaselines({ root, functions, runtime: options.runtime }) : new Map();
  const runtime = await part(() => start({ root, functions, baselines, variables, onDeath: die }));
  gateway.open({ supabase, functions, runtime });
  return { databaseUrl: supabase.databaseUrl, simulatorsUrl: simulators.url, functions, runtime };
}

/** Every part has to answer once. */
async function untilReady({ url, secrets, simulatorsUrl, functions }) {
  const keys = { apikey: secrets.SECRET_KEY };
  await Promise.all([
    answers("auth", `${url}/auth/v1/settings`, { headers: keys }),
    answers("rest", `${url}/rest/v1/profiles?limit=1`, { headers: keys }),
    answers("simulators", `${simulatorsUrl}/simulator/calls?request_id=ready`),
    ...functions.map((name) => answers(name, `${url}/functions/v1/${name}`, { method: "OPTIONS" })),
  ]);
}

async function answers(name, url, init) {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  if (answer.status >= 500 || (name === "rest" && !answer.ok)) {
    throw new Error(`${name} answers ${answer.status}: ${await answer.text()}`);
  }
}

async function startHelpers(options, { url, secrets, functions, runtime }) {
  if (options.scheduler) {
    const { startScheduler } = await import("./dev/scheduler.mjs");
    await part(() => startScheduler({ url, secret: secrets.SCHEDULER_SECRET }));
  }
  if (!options.ephemeral) {
    const { startWatch } = await import("./dev/watch.mjs");
    await part(() => startWatch({ root, functions, reload: runtime.reload }));
  }
}

async function check({ port, ephemeral }) {
  const { refuseSecondInstance } = await import("./dev/instance.mjs");
  if (!ephemeral) await refuseSecondInstance();
  if (port === 0) return;
  const server = http.createServer();
  await listen(server, port);
  await new Promise((resolve) => server.close(resolve));
}

async function printVariables() {
  const { askRunning } = await import("./dev/instance.mjs");
  const text = await askRunning();
  if (!text) throw new UserError(text === undefined ? "scripts/dev is not running here" : "scripts/dev is still starting");
  process.stdout.write(text);
}

process.on("SIGINT", () => stop(0));
process.on("SIGTERM", () => stop(0));
process.on("unhandledRejection", (error) => die(error?.stack ?? error));

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.command === "env") await printVariables();
  else if (options.command === "check") await check(options);
  else {
    startup = run(options).catch((error) => {
      if (!stopping) throw error;
    });
    await startup;
  }
} catch (error) {
  die(error instanceof UserError ? error.message : error.stack);
}
