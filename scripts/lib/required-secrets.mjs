// Prints the names of the secrets without which a Worker is not deployed, as wrangler.toml has them.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";

const [name] = process.argv.slice(2);
const config = parse(await readFile(path.resolve(import.meta.dirname, "../../wrangler.toml"), "utf8"));
for (const secret of config.env[name].secrets?.required ?? []) console.log(secret);
