// Where a browser goes back to: the targets that RETURN_TARGETS allows, and no other.
import { internal } from "./errors.ts";
import type { Env } from "./serve.ts";

const DEFAULT = "cotrainr://video/zoom-connected";
const LONGEST = 1024;

const listed = (env: Env) => (env.RETURN_TARGETS ?? DEFAULT).split(",").map((target) => target.trim());
const isWeb = (url: URL) => url.protocol === "https:" || url.protocol === "http:";

/** The first one, when nothing else is asked for. */
export function defaultTarget(env: Env): URL {
  const url = URL.parse(listed(env)[0]!);
  if (url === null) throw internal("RETURN_TARGETS has no target");
  return url;
}

/** The target if it is allowed: an app's link exactly as it is listed, or any page of a listed web origin. */
export function findTarget(env: Env, target: string): URL | null {
  const url = target.length <= LONGEST && !/[\s\\\p{Cc}]/u.test(target) ? URL.parse(target) : null;
  if (url === null || url.username !== "" || url.password !== "") return null;
  const isAllowed = listed(env).some((allowed) => (isWeb(url) ? url.origin === allowed : target === allowed));
  return isAllowed ? url : null;
}

/** The target with the outcome as its parameters. */
export function withOutcome(target: URL, status: string, reason?: string): string {
  const url = new URL(target);
  url.searchParams.delete("reason");
  url.searchParams.set("status", status);
  if (reason !== undefined) url.searchParams.set("reason", reason);
  return url.href;
}
