// AES-256-GCM around what the database stores and must not read: `v1.<key id>.<base64url of nonce, ciphertext and tag>`, bound to a
// context. SEAL_KEYS is `<id>:<base64 of 32 bytes>`, several separated by commas: the first seals, all open.
import { required } from "./config.ts";
import { internal } from "./errors.ts";
import type { Env } from "./serve.ts";

const NONCE_BYTES = 12;

/** What a user's Zoom tokens are bound to. */
export const zoomTokenContext = (userId: string) => `zoom_token:${userId}`;
/** What the state of a connect flow is bound to. */
export const ZOOM_STATE_CONTEXT = "zoom_oauth_state";

export async function seal(env: Env, context: string, text: string): Promise<string> {
  const [first] = await keys(env);
  if (first === undefined) throw internal("SEAL_KEYS has no key");
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: additionalData(first.id, context) },
    first.key,
    new TextEncoder().encode(text),
  );
  const body = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  body.set(nonce);
  body.set(new Uint8Array(sealed), NONCE_BYTES);
  return `v1.${first.id}.${toBase64Url(body)}`;
}

/** Opens what was sealed for this context; null when it was not. */
export async function open(env: Env, context: string, sealed: string): Promise<string | null> {
  const [version, id, ...rest] = sealed.split(".");
  const key = (await keys(env)).find((known) => known.id === id)?.key;
  if (version !== "v1" || key === undefined) return null;
  try {
    const body = fromBase64(rest.join(".").replaceAll("-", "+").replaceAll("_", "/"));
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: body.slice(0, NONCE_BYTES), additionalData: additionalData(id!, context) },
      key,
      body.slice(NONCE_BYTES),
    );
    return new TextDecoder().decode(opened);
  } catch {
    return null;
  }
}

interface Key {
  id: string;
  key: CryptoKey;
}

let imported: Key[] | undefined;

async function keys(env: Env): Promise<Key[]> {
  imported ??= await Promise.all(
    required(env, "SEAL_KEYS").split(",").map(async (entry) => {
      const [id = "", key = ""] = entry.trim().split(":");
      return { id, key: await crypto.subtle.importKey("raw", fromBase64(key), "AES-GCM", false, ["encrypt", "decrypt"]) };
    }),
  );
  return imported;
}

const additionalData = (id: string, context: string) => new TextEncoder().encode(`v1.${id}|${context}`);
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const toBase64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
