// Prints the sizes of the named functions' bundles.
import { stat } from "node:fs/promises";
import path from "node:path";
import { gzipped } from "./gzipped.mjs";

const root = path.resolve(import.meta.dirname, "../..");

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

for (const name of process.argv.slice(2)) {
  const [script, wasm] = ["index.js", "index_bg.wasm"].map((file) => path.join(root, "functions", name, "build", file));
  const module = path.join(root, "supabase/functions", name, "function.js");
  const sizes = [await gzipped([script, wasm]), (await stat(wasm)).size, (await stat(module)).size].map(kilobytes);
  console.log(`${name}: ${sizes[0]} gzipped (WebAssembly ${sizes[1]}), Supabase module ${sizes[2]}`);
}
