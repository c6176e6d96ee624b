// Prints the sizes of the named functions' bundles, and fails when Supabase would refuse one.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";

const root = path.resolve(import.meta.dirname, "../..");
// What Supabase's server accepts for one function.
const SUPABASE_LIMIT = 5_000_000;

const kilobytes = (bytes) => `${Math.ceil(bytes / 1000)} KB`;
let failed = false;

for (const name of process.argv.slice(2)) {
  const script = await readFile(path.join(root, "functions", name, "build/index.js"));
  const wasm = await readFile(path.join(root, "functions", name, "build/index_bg.wasm"));
  const supabase = await readFile(path.join(root, "supabase/functions", name, "function.js"));
  const gzipped = gzipSync(script).length + gzipSync(wasm).length;
  console.log(`${name}: ${kilobytes(gzipped)} gzipped (WebAssembly ${kilobytes(wasm.length)}), Supabase module ${kilobytes(supabase.length)}`);
  if (supabase.length > SUPABASE_LIMIT) {
    console.error(`error: supabase/functions/${name}/function.js is larger than the ${kilobytes(SUPABASE_LIMIT)} that Supabase accepts`);
    failed = true;
  }
}
process.exitCode = failed ? 1 : 0;
