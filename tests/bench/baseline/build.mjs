// Bundles the baselines for both runtimes: node tests/bench/baseline/build.mjs
import { readdir } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const folder = import.meta.dirname;
const root = path.resolve(folder, "../../..");

/** What a runtime calls. */
const entries = {
  workerd: (name) => `import { handle } from "./${name}.ts";\nexport default { fetch: (request, env) => handle(request, env) };`,
  deno: (name) =>
    `import { handle } from "./${name}.ts";\nconst env = Deno.env.toObject();\nDeno.serve((request) => handle(request, env));`,
};

const names = (await readdir(folder)).filter((file) => file.endsWith(".ts")).map((file) => path.basename(file, ".ts"));
for (const [runtime, entry] of Object.entries(entries)) {
  for (const name of names) {
    await build({
      stdin: { contents: entry(name), resolveDir: folder, sourcefile: `${name}.js` },
      outfile: path.join(root, "target/baseline", runtime, `${name}.js`),
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      conditions: [runtime, "worker", "browser"],
      mainFields: ["module", "main"],
      logLevel: "warning",
    });
  }
}
