// Tests of scripts/dev itself; what it serves is tested in tests/.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const DEV = path.resolve(import.meta.dirname, "../dev");
const folder = mkdtempSync(path.join(os.tmpdir(), "convene-dev-"));
const running = new Set();
after(() => running.forEach((child) => child.kill("SIGTERM")));

/** Options of scripts/dev; variables may come before them. */
function dev(...args) {
  const environment = typeof args[0] === "object" ? args.shift() : {};
  const child = spawn(DEV, args, { env: { ...process.env, ...environment } });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = once(child, "close").then(([status]) => (running.delete(child), { status, output }));
  return { pid: child.pid, kill: (signal) => child.kill(signal), ended, printed: () => output };
}

async function ready(stack) {
  for (let waited = 0; waited < 120_000; waited += 100) {
    const [, url] = /^ready (http:\S+)$/m.exec(stack.printed()) ?? [];
    if (url) return url;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`not ready:\n${stack.printed()}`);
}

function childrenOf(pid) {
  return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).trim().split("\n").map(Number);
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a wrong option is named and nothing is started", async () => {
  for (const [args, message] of [
    [["--runtime", "bun"], /--runtime must be workerd or deno, not 'bun'/],
    [["--port", "http"], /--port must be a number/],
    [["--db", "mysql://x"], /--db must be 'pglite' or a postgres:\/\/ URL/],
    [["--verbose"], /Unknown option '--verbose'/],
    [["start"], /unknown argument 'start'/],
  ]) {
    const { status, output } = await dev(...args).ended;
    assert.equal(status, 1);
    assert.match(output, message);
  }
});

test("a version of OpenVidu that there is not is named and nothing is started", async () => {
  const { status, output } = await dev({ OPENVIDU_VERSION: "4" }).ended;
  assert.equal(status, 1);
  assert.match(output, /OPENVIDU_VERSION must be 2 or 3, not '4'/);
});

test("the functions get the address and the keys of one OpenVidu", async () => {
  const { functionVariables } = await import("./dev/variables.mjs");
  const names = ["OPENVIDU_SECRET", "OPENVIDU_WEBHOOK_SECRET", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"];
  const secrets = Object.fromEntries(names.map((name) => [name, name.toLowerCase()]));
  const given = (openviduVersion, environment = {}) => {
    Object.assign(process.env, environment);
    const variables = functionVariables({ secrets, url: "http://a", simulatorsUrl: "http://s", openviduVersion });
    for (const name of Object.keys(environment)) delete process.env[name];
    return Object.fromEntries(Object.entries(variables).filter(([name]) => /^(OPENVIDU|LIVEKIT|CLIENTS)_/.test(name)));
  };
  const { OPENVIDU_SECRET, OPENVIDU_WEBHOOK_SECRET, LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = secrets;
  assert.deepEqual(given("3"), { LIVEKIT_URL: "http://s/livekit", LIVEKIT_API_KEY, LIVEKIT_API_SECRET });
  assert.deepEqual(given("2"), { OPENVIDU_URL: "http://s/openvidu", OPENVIDU_SECRET, OPENVIDU_WEBHOOK_SECRET });
  const own = { LIVEKIT_URL: "wss://l", OPENVIDU_URL: "https://o", CLIENTS_WAIT_FOR_OPERATOR: "false" };
  assert.deepEqual(given("3", own), { ...given("3"), LIVEKIT_URL: "wss://l", CLIENTS_WAIT_FOR_OPERATOR: "false" });
  assert.deepEqual(given("2", own), { ...given("2"), OPENVIDU_URL: "https://o", CLIENTS_WAIT_FOR_OPERATOR: "false" });
});

test("the functions get the address and the keys of one TURN service", async () => {
  const { functionVariables } = await import("./dev/variables.mjs");
  const { parseOptions } = await import("./dev/options.mjs");
  const names = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "CLOUDFLARE_TURN_KEY_ID", "CLOUDFLARE_TURN_API_TOKEN"];
  const secrets = Object.fromEntries(names.map((name) => [name, name.toLowerCase()]));
  const given = (environment) => {
    Object.assign(process.env, environment);
    try {
      const variables = functionVariables({ ...parseOptions([]), secrets, url: "http://a", simulatorsUrl: "http://s" });
      return Object.fromEntries(Object.entries(variables).filter(([name]) => /^(TURN|TWILIO|CLOUDFLARE)_/.test(name)));
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
    }
  };
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_API_TOKEN } = secrets;
  const twilio = { TWILIO_API_URL: "http://s/twilio", TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN };
  const key = { CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_API_TOKEN };
  const coturn = { TURN_URLS: "turn:t", TURN_SECRET: "s" };
  assert.deepEqual(given({}), twilio);
  assert.deepEqual(given({ TURN_SERVICE: "cloudflare" }), { CLOUDFLARE_TURN_URL: "http://s/cloudflare", ...key });
  assert.deepEqual(given({ CLOUDFLARE_TURN_URL: "https://c" }), { CLOUDFLARE_TURN_URL: "https://c", ...key });
  assert.deepEqual(given(coturn), coturn);
  assert.deepEqual(given({ ...coturn, TURN_SERVICE: "none" }), {});
  assert.throws(() => given({ TURN_SERVICE: "coturn" }), /coturn needs TURN_URLS and TURN_SECRET/);
  assert.throws(() => given({ TURN_SERVICE: "stun" }), /TURN_SERVICE must be twilio or cloudflare or coturn or none/);
});

test("a taken port ends it with a message", async () => {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const { status, output } = await dev("--ephemeral", "--port", String(port)).ended;
  server.close();
  assert.equal(status, 1);
  assert.match(output, new RegExp(`port ${port} is taken`));
});

test("its variables are asked for while its port is in use", async () => {
  const server = http.createServer().listen(54321, "127.0.0.1");
  // Whoever else has the port will do as well.
  await Promise.race([once(server, "listening"), once(server, "error")]).catch(() => {});
  const { output } = await dev("env").ended;
  server.close();
  assert.match(output, /^API_URL=|scripts\/dev is not running here/m);
});

test("SIGTERM stops every part and removes what was ephemeral", async () => {
  const envFile = path.join(folder, "stack.env");
  const stack = dev("--ephemeral", "--no-scheduler", "--env-file", envFile);
  const url = await ready(stack);
  const variables = readFileSync(envFile, "utf8");
  assert.equal(statSync(envFile).mode & 0o777, 0o600);
  assert.match(variables, new RegExp(`^API_URL="${url}"$`, "m"));
  for (const name of ["PUBLISHABLE_KEY", "SECRET_KEY", "DB_URL", "JWT_SECRET", "FUNCTIONS_URL", "SIMULATORS_URL", "LIVEKIT_URL"]) {
    assert.match(variables, new RegExp(`^${name}="[^"]+"$`, "m"));
  }
  assert.match(variables, /^OPENVIDU_VERSION="3"$/m);
  const children = childrenOf(stack.pid);
  assert.ok(children.length >= 2, "the simulators and the runtime are children");

  stack.kill("SIGTERM");
  const { status } = await stack.ended;
  assert.equal(status, 0);
  assert.deepEqual(children.filter(isAlive), []);
  assert.equal(existsSync(envFile), false);
});

for (const runtime of ["workerd", "deno"]) {
  test(`the death of any child ends it with a message, under ${runtime}`, async () => {
    const stack = dev("--ephemeral", "--no-scheduler", "--runtime", runtime);
    await ready(stack);
    const children = childrenOf(stack.pid);
    process.kill(children.at(-1), "SIGKILL");
    const { status, output } = await stack.ended;
    assert.equal(status, 1);
    assert.match(output, /^error: \S+ ended/m);
    assert.deepEqual(children.filter(isAlive), []);
  });
}
