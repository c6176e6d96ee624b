// Prints the sizes of the named functions' bundles.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";

const root = path.resolve(import.meta.dirname, "../..");

const kilobytes = (bytes) => `${Math.ceil(bytes / 1000)} KB`;

for (const name of process.argv.slice(2)) {
  const script = await readFile(path.join(root, "functions", name, "build/index.js"));
  const wasm = await readFile(path.join(root, "functions", name, "build/index_bg.wasm"));
  const supabase = await readFile(path.join(root, "supabase/functions", name, "function.js"));
  const gzipped = gzipSync(script).length + gzipSync(wasm).length;
  console.log(`${name}: ${kilobytes(gzipped)} gzipped (WebAssembly ${kilobytes(wasm.length)}), Supabase module ${kilobytes(supabase.length)}`);
}
