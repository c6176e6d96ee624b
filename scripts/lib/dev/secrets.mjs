// The secrets of a local stack: made at its first run and kept in .dev/, or fresh for an ephemeral one.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

async function generate() {
  const { generateApiKey } = await import("@supabase/lite");
  return {
    PUBLISHABLE_KEY: (await generateApiKey("publishable")).key,
    SECRET_KEY: (await generateApiKey("secret")).key,
    JWT_SECRET: randomBytes(32).toString("base64url"),
    SEAL_KEYS: `local:${randomBytes(32).toString("base64")}`,
    SCHEDULER_SECRET: randomBytes(24).toString("base64url"),
    ZOOM_CLIENT_ID: randomBytes(12).toString("base64url"),
    ZOOM_CLIENT_SECRET: randomBytes(24).toString("base64url"),
  };
}

/** The secrets kept in `file` (made there if absent); fresh ones when `file` is undefined. */
export async function loadSecrets(file) {
  const secrets = file === undefined ? await generate() : await keep(file);
  // The keys of the local Supabase are not overridden: a shell often holds those of a hosted project.
  for (const name of ["JWT_SECRET", "SEAL_KEYS", "SCHEDULER_SECRET", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"]) {
    if (process.env[name]) secrets[name] = process.env[name];
  }
  return secrets;
}

async function keep(file) {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw new Error(`${file} cannot be read (${error.message}); remove it to get new secrets`);
  }
  const secrets = await generate();
  await writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}
