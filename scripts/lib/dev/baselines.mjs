// The TypeScript baselines of tests/bench, which serve in place of the functions that they are compared with.
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/**
 * Builds them.
 * @returns {Promise<Map<string, string>>} the module of each by its name
 */
export async function buildBaselines({ root, runtime, functions }) {
  await promisify(execFile)(process.execPath, [path.join(root, "tests/bench/baseline/build.mjs")]);
  const folder = path.join(root, "target/baseline", runtime);
  const names = (await readdir(folder)).map((file) => path.basename(file, ".js"));
  // Among them is a hello-world, which is nobody's baseline.
  return new Map(names.filter((name) => functions.includes(name)).map((name) => [name, path.join(folder, `${name}.js`)]));
}
