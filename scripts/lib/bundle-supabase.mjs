// Turns a bundle that worker-build made for Cloudflare Workers into one module for Supabase Edge Functions:
// node scripts/lib/bundle-supabase.mjs functions/<name>/build/index.js supabase/functions/<name>/function.js
//
// The WebAssembly is inlined as bytes, because files beside a function get lost when Supabase
// bundles it on the server, and because Deno would treat an imported .wasm file as an instance
// where worker-build's code expects a module.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");
const [entry, module] = process.argv.slice(2);

const wasmAsModule = {
  name: "wasm-as-module",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm$/ }, ({ path: file, resolveDir, namespace }) => ({
      path: path.resolve(resolveDir, file),
      namespace: namespace === "wasm-module" ? "wasm-bytes" : "wasm-module",
    }));
    onLoad({ filter: /.*/, namespace: "wasm-module" }, ({ path: file }) => ({
      contents: `import bytes from ${JSON.stringify(file)};\nexport default new WebAssembly.Module(bytes);`,
      resolveDir: path.dirname(file),
    }));
    onLoad({ filter: /.*/, namespace: "wasm-bytes" }, async ({ path: file }) => ({
      contents: await readFile(file),
      loader: "binary",
    }));
  },
};

await build({
  entryPoints: [path.join(root, entry)],
  outfile: path.join(root, module),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "neutral",
  target: "esnext",
  plugins: [wasmAsModule],
  banner: { js: "// Made by scripts/build; not to be edited.\n// deno-lint-ignore-file\n// @ts-nocheck" },
  logLevel: "warning",
});
