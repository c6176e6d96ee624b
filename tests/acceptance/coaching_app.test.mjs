// What the coaching app does, as it does it: with supabase-js, against one address.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { app, clientOf, connectZoom, ok, person, planned, service } from "./stack.mjs";

let host, client, secondClient, otherHost, stranger;

before(async () => {
  host = await person("trainer");
  [client, secondClient, otherHost, stranger] = await Promise.all([
    clientOf(host), clientOf(host), person("trainer"), person(),
  ]);
});

const createSession = (by, body, headers) => by.supabase.functions.invoke("create-video-session", { body, headers });
const listSessions = async (by) => ok(await by.supabase.from("video_sessions").select("*").order("scheduled_start"));
const getSession = async (by, id) => ok(await by.supabase.from("video_sessions").select("*").eq("id", id).maybeSingle());

async function refusal({ data, error }) {
  assert.equal(data, null);
  assert.equal(error.name, "FunctionsHttpError");
  const { status } = error.context;
  return { status, ...(await error.context.json()) };
}

describe("a session with a client", () => {
  for (const [name, body, link] of [
    ["behind a pasted link", { join_url: "https://meet.google.com/abc-defg-hij" }, /^https:\/\/meet\.google\.com\/abc-defg-hij$/],
    ["on Jitsi", { provider: "jitsi" }, /^https:\/\/meet\.jit\.si\/convene-[0-9a-f]{32}$/],
    ["at Zoom", {}, /^https:\/\/[a-z0-9.]*zoom\.us\/j\/\d+\?pwd=/],
  ]) {
    test(`${name} is created, listed and joined`, async () => {
      await connectZoom(host);
      const answer = await createSession(host, planned({ ...body, client_id: client.id }));
      const { session } = ok(answer);
      assert.match(session.join_url, link);
      assert.equal(session.status, "scheduled");
      assert.doesNotMatch(JSON.stringify(answer.data), /zak=|start_url/);

      for (const member of [host, client]) {
        const seen = (await listSessions(member)).find(({ id }) => id === session.id);
        assert.equal(seen.join_url, session.join_url);
        assert.equal((await getSession(member, session.id)).title, "Knee rehabilitation");
      }
      for (const other of [stranger, otherHost, secondClient]) {
        assert.deepEqual(await listSessions(other), []);
        assert.equal(await getSession(other, session.id), null);
      }
    });
  }
});

test("the start URL is read by the host alone", async () => {
  await connectZoom(host);
  const { session } = ok(await createSession(host, planned({ client_id: client.id })));
  const startUrl = (by) => by.supabase.from("video_session_host_meta").select("host_start_url").eq("session_id", session.id);
  assert.match(ok(await startUrl(host))[0].host_start_url, /zak=/);
  for (const other of [client, otherHost, stranger]) assert.deepEqual(ok(await startUrl(other)), []);
  for (const table of ["video_sessions", "video_session_participants", "notifications", "messages"]) {
    const seen = ok(await client.supabase.from(table).select("*"));
    assert.doesNotMatch(JSON.stringify(seen), /zak=/, table);
  }
});

test("addParticipant lets another client in, and only the host can", async () => {
  const { session } = ok(await createSession(host, planned({ provider: "jitsi" })));
  const add = (by, user_id, role = "participant") =>
    by.supabase.from("video_session_participants").insert({ session_id: session.id, user_id, role });
  for (const other of [stranger, otherHost, secondClient]) {
    assert.equal((await add(other, other.id)).error.code, "42501");
  }
  assert.equal((await add(host, stranger.id)).error.code, "42501", "a stranger is not the host's client");
  assert.equal(await getSession(secondClient, session.id), null);
  ok(await add(host, secondClient.id));
  assert.equal((await getSession(secondClient, session.id)).id, session.id);
});

test("a repeated Idempotency-Key gives the same session", async () => {
  const headers = { "idempotency-key": randomUUID() };
  const body = planned({ provider: "jitsi" });
  const first = ok(await createSession(host, body, headers));
  assert.deepEqual(ok(await createSession(host, body, headers)), first);
  const other = await refusal(await createSession(host, { ...body, title: "Other" }, headers));
  assert.deepEqual([other.status, other.code], [422, "idempotency_key_reused"]);
});

test("an invitation arrives as a message and as a notification", async () => {
  const invited = await clientOf(host);
  const { session } = ok(await createSession(host, planned({ provider: "jitsi", client_id: invited.id, send_invite: true })));
  const messages = ok(await invited.supabase.from("messages").select("content"));
  assert.ok(messages.some(({ content }) => content.includes(session.join_url)));
  const notifications = ok(await invited.supabase.from("notifications").select("*"));
  assert.ok(notifications.some(({ type, data }) => type === "video_session_added" && data.session_id === session.id));
});

test("refusals reach the app with a code and a text for a person", async () => {
  for (const [by, body, status, code] of [
    [app(), planned({ provider: "jitsi" }), 401, "unauthenticated"],
    [client.supabase, planned({ provider: "jitsi" }), 403, "not_a_host"],
    [otherHost.supabase, planned({ provider: "jitsi", client_id: client.id }), 403, "client_not_yours"],
    [otherHost.supabase, planned(), 409, "zoom_not_connected"],
    [host.supabase, planned({ join_url: "https://zoom.us/s/123456789?zak=x" }), 422, "invalid_field"],
  ]) {
    const refused = await refusal(await by.functions.invoke("create-video-session", { body }));
    assert.deepEqual([refused.status, refused.code], [status, code]);
    assert.equal(typeof refused.error, "string");
    assert.equal(typeof refused.request_id, "string");
  }
});

test("nobody makes themself a trainer", async () => {
  const { error } = await stranger.supabase.from("profiles").update({ role: "trainer" }).eq("id", stranger.id);
  assert.equal(error.code, "role_frozen");
  assert.equal(ok(await service.from("profiles").select("role").eq("id", stranger.id).single()).role, "client");
});
