// Checks a function as Supabase will bundle it: its types, that everything it imports is in the
// repository, and its size. Prints the files that would be uploaded.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { denoProgram } from "./dev/functions-deno.mjs";

const root = path.resolve(import.meta.dirname, "../..");
// What Supabase's server accepts for one function.
const LIMIT = 5_000_000;

const [name] = process.argv.slice(2);
const entry = path.join(root, "supabase/functions", name, "index.ts");

function deno(...args) {
  return execFileSync(denoProgram(root), args, {
    cwd: path.dirname(entry),
    env: { ...process.env, DENO_NO_PACKAGE_JSON: "1", DENO_NO_UPDATE_CHECK: "1" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

try {
  deno("check", "--quiet", "--no-config", "--no-lock", entry);
} catch {
  fail(`${entry} does not pass deno check (see above)`);
}
const { modules } = JSON.parse(deno("info", "--json", "--no-config", "--no-lock", entry));
let total = 0;
for (const { specifier, size, error } of modules) {
  if (error) fail(`${specifier}: ${error}`);
  if (!specifier.startsWith("file:")) fail(`${name} imports ${specifier}, which is not in the repository`);
  console.log(`  ${path.relative(root, fileURLToPath(specifier))} (${Math.ceil(size / 1000)} KB)`);
  total += size;
}
if (total > LIMIT) fail(`${name} has ${total} bytes; Supabase accepts ${LIMIT}`);
