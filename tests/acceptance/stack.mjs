// What the acceptance tests need of a running stack: its variables, people, and a Zoom connection.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient } from "@supabase/supabase-js";
import WebSocket from "ws";

const file = process.env.CONVENE_STACK_ENV;
if (!file) throw new Error("CONVENE_STACK_ENV must name the file that `scripts/dev --env-file` writes; run scripts/test black-box");

export const variables = Object.fromEntries(
  readFileSync(file, "utf8").trim().split("\n").map((line) => {
    const [, name, value] = /^([A-Z_]+)="(.*)"$/.exec(line);
    return [name, value];
  }),
);

// Node.js 20 has no WebSocket of its own, and supabase-js asks for one when it is made.
const options = { auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: WebSocket } };

/** A client as an app makes it: it knows the address and the publishable key, nothing else. */
export const app = () => createClient(variables.API_URL, variables.PUBLISHABLE_KEY, options);

/** What only the owner of the project can do. */
export const service = createClient(variables.API_URL, variables.SECRET_KEY, options);

/** Signs up, then signs in. */
export async function person(role) {
  const supabase = app();
  const credentials = { email: `${randomUUID()}@convene.example`, password: randomUUID() };
  ok(await supabase.auth.signUp(credentials));
  await supabase.auth.signOut();
  const { user } = ok(await supabase.auth.signInWithPassword(credentials));
  if (role !== undefined) ok(await service.from("profiles").update({ role }).eq("id", user.id));
  return { id: user.id, supabase };
}

/** A client who asked for this host, and whom the host accepted. */
export async function clientOf(host) {
  const client = await person();
  ok(await client.supabase.from("leads").insert({ client_id: client.id, provider_id: host.id }));
  ok(await host.supabase.from("leads").update({ status: "accepted" }).eq("client_id", client.id));
  return client;
}

/** Connects the host to the Zoom simulator, past the app. */
export const connectZoom = (host) => simulator("zoom/connect", { user_id: host.id });

/** Presses Approve on Zoom's page. The address to which Zoom sends the browser, and the Zoom user. */
export const approveAtZoom = (url) => simulator("zoom/authorize", { url, approve: true });

/** Opens an address as a browser does, up to the redirect. Its target. */
export async function followed(address) {
  const response = await fetch(address, { redirect: "manual" });
  if (response.status !== 302) throw new Error(`no redirect but ${response.status}: ${await response.text()}`);
  return response.headers.get("location");
}

/** The meetings that a Zoom user has at Zoom. */
export async function meetingsAtZoom({ zoom_user_id }) {
  const response = await fetch(`${variables.SIMULATORS_URL}/simulator/zoom/meetings?zoom_user_id=${zoom_user_id}`);
  return response.json();
}

/** Has the outbox delivered, as the scheduler does every minute. */
export async function deliverOutbox() {
  const headers = { authorization: `Bearer ${variables.SCHEDULER_SECRET}` };
  const response = await fetch(`${variables.FUNCTIONS_URL}/deliver-outbox`, { method: "POST", headers });
  if (!response.ok) throw new Error(`deliver-outbox answered ${response.status}: ${await response.text()}`);
}

/** Tells the simulators what to do. */
export async function simulator(path, body) {
  const response = await fetch(`${variables.SIMULATORS_URL}/simulator/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** The data of a supabase-js answer, or an error that says what was refused. */
export function ok({ data, error }) {
  if (error) throw new Error(`${error.name}: ${error.message}`);
  return data;
}

/** Asserts that PostgREST refused, with this status and code. */
export function refused({ data, error, status }, expectedStatus, code) {
  assert.equal(data, null);
  assert.deepEqual([status, error?.code], [expectedStatus, code]);
}

/** What a function refused, as an app reads it: the status and the one envelope. */
export async function refusal({ data, error }) {
  assert.equal(data, null);
  assert.equal(error.name, "FunctionsHttpError");
  const { status } = error.context;
  return { status, ...(await error.context.json()) };
}

/** Waits for what others may do first: a delivery takes a few effects at a time, and others' as well. */
export async function until(done) {
  for (let tries = 0; tries < 60; tries += 1) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("it never came true");
}

/** A session body, a week from now. */
export const planned = (changes) => ({
  title: "Knee rehabilitation",
  scheduled_start: new Date(Date.now() + 7 * 24 * 3600 * 1000).toISOString(),
  duration_minutes: 50,
  ...changes,
});
