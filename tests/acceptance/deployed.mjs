// A function as it was built, in the stack's runtime and with its Supabase, but with a configuration that the stack has not.
import assert from "node:assert/strict";
import path from "node:path";
import { after } from "node:test";
import { startDeno } from "../../scripts/lib/dev/functions-deno.mjs";
import { startWorkerd } from "../../scripts/lib/dev/functions-workerd.mjs";
import { variables } from "./stack.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const started = [];
after(() => Promise.all(started.map(({ stop }) => stop())));

/** The function `name` with these variables: what it answers to someone. */
export async function deployed(name, configuration) {
  const start = variables.RUNTIME === "deno" ? startDeno : startWorkerd;
  const runtime = await start({
    root,
    functions: [name],
    baselines: new Map(),
    variables: {
      SUPABASE_URL: `${variables.SIMULATORS_URL}/supabase`,
      SUPABASE_PUBLISHABLE_KEY: variables.PUBLISHABLE_KEY,
      SUPABASE_SECRET_KEY: variables.SECRET_KEY,
      JWT_SECRET: variables.JWT_SECRET,
      ...configuration,
    },
    onDeath: (reason) => assert.fail(reason),
  });
  started.push(runtime);
  return asked(`${await runtime.address(name)}/functions/v1`, name);
}

/** The function at an address. */
export const asked = (functions, name) => async (by, body) => {
  const { data: { session } } = await by.supabase.auth.getSession();
  const response = await fetch(`${functions}/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${session.access_token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
};
