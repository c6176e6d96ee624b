// The secrets of a local stack: made at its first run and kept in .dev/, or fresh for an ephemeral one.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

async function generate() {
  const { generateApiKey } = await import("@supabase/lite");
  return {
    PUBLISHABLE_KEY: (await generateApiKey("publishable")).key,
    SECRET_KEY: (await generateApiKey("secret")).key,
    JWT_SECRET: randomBytes(32).toString("base64url"),
    // Two, as in the midst of a rotation: the first seals, the second still opens.
    SEAL_KEYS: ["local", "previous"].map((id) => `${id}:${randomBytes(32).toString("base64")}`).join(","),
    SCHEDULER_SECRET: randomBytes(24).toString("base64url"),
    ZOOM_CLIENT_ID: randomBytes(12).toString("base64url"),
    ZOOM_CLIENT_SECRET: randomBytes(24).toString("base64url"),
    ZOOM_WEBHOOK_SECRET: randomBytes(24).toString("base64url"),
    OPENVIDU_SECRET: randomBytes(24).toString("base64url"),
    OPENVIDU_WEBHOOK_SECRET: randomBytes(24).toString("base64url"),
    LIVEKIT_API_KEY: randomBytes(12).toString("base64url"),
    LIVEKIT_API_SECRET: randomBytes(32).toString("base64url"),
    ROOM_TICKET_SECRET: randomBytes(32).toString("base64url"),
    TWILIO_ACCOUNT_SID: `AC${randomBytes(16).toString("hex")}`,
    TWILIO_AUTH_TOKEN: randomBytes(16).toString("hex"),
    CLOUDFLARE_TURN_KEY_ID: randomBytes(16).toString("hex"),
    CLOUDFLARE_TURN_API_TOKEN: randomBytes(32).toString("hex"),
  };
}

/** The secrets kept in `file` (made there if absent); fresh ones when `file` is undefined. */
export async function loadSecrets(file) {
  const secrets = file === undefined ? await generate() : await keep(file);
  // The keys of the local Supabase are not overridden: a shell often holds those of a hosted project.
  for (const name of Object.keys(secrets).filter((name) => !["PUBLISHABLE_KEY", "SECRET_KEY"].includes(name))) {
    if (process.env[name]) secrets[name] = process.env[name];
  }
  return secrets;
}

async function keep(file) {
  const kept = await read(file);
  const secrets = { ...(await generate()), ...kept };
  // A file of an older version lacks some.
  if (Object.keys(secrets).some((name) => !(name in kept))) {
    await writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  }
  return secrets;
}

async function read(file) {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw new Error(`${file} cannot be read (${error.message}); remove it to get new secrets`);
  }
}
