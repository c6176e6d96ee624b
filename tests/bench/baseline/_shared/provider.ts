// Calls to providers.
import { providerTimeout } from "./config.ts";
import { providerFailed, providerTimedOut } from "./errors.ts";
import type { Context } from "./serve.ts";

/** Asks a provider, and takes whatever status it answers. */
export async function ask(context: Context, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(providerTimeout(context.env)),
    });
  } catch (error) {
    throw (error as Error).name === "TimeoutError" ? providerTimedOut(error) : providerFailed(error);
  }
}

/** What a success says. */
export async function read<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw providerFailed(`status ${answer.status}`);
  try {
    return (await answer.json()) as T;
  } catch (error) {
    throw (error as Error).name === "TimeoutError" ? providerTimedOut(error) : providerFailed("an unreadable answer");
  }
}
