// The examples of the README, run as they stand there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { variables } from "./stack.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const readme = readFileSync(path.join(root, "README.md"), "utf8");

/** The first block of a language below a heading. */
function block(heading, language) {
  const below = readme.slice(readme.indexOf(`### ${heading}\n`));
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(below)[1];
}

const run = (command, args, input) =>
  execFileSync(command, args, { cwd: root, input, encoding: "utf8", env: { ...process.env, ...variables } });

/** The lines that a shell prints. The variables are this stack's, and not those of a scripts/dev that may run beside it. */
const shell = (script) =>
  run("bash", ["-euo", "pipefail", "-s"], script.replace('eval "$(scripts/dev env)"\n', "")).trim().split("\n");
const firstSession = block("A first session with curl", "sh");

test("curl", () => {
  const [created, listed] = shell(firstSession);
  const { session } = JSON.parse(created);
  assert.match(session.join_url, /^https:\/\/meet\.jit\.si\/convene-/);
  assert.ok(JSON.parse(listed).some(({ join_url }) => join_url === session.join_url));
});

test("supabase-js", () => {
  const transport = `import ws from "ws"; globalThis.WebSocket = ws;\n`;
  const script = transport + block("The same with supabase-js", "js") + "process.exit();\n";
  const printed = run("node", ["--input-type=module", "-"], script);
  const [link] = printed.split("\n");
  assert.match(link, /^https:\/\/meet\.jit\.si\/convene-/);
  assert.ok(printed.includes(`Knee rehabilitation: ${link}`), printed);
});

test("an operator meets a customer", () => {
  const printed = shell(firstSession + block("An operator meets a customer", "sh"));
  const [attendance, ended] = printed.slice(2).map((line) => JSON.parse(line));
  assert.deepEqual(attendance.map(({ user_id }) => user_id.slice(-3)).sort(), ["00c", "00d"]);
  assert.deepEqual([ended.meeting.status, ended.openvidu], ["completed", "done"]);
});

test("a guest comes by a link", () => {
  const [admitted, status] = shell(firstSession + block("A guest comes by a link", "sh")).slice(2).map((line) => JSON.parse(line));
  assert.equal(admitted.id, status.participant.id);
  assert.deepEqual([status.status, status.participant.participant_name], ["admitted", "Ana"]);
  assert.match(status.ticket, /^eyJ/);
  assert.ok(status.ice_servers.length > 0);
});
