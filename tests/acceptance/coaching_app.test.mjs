// What the coaching app does, as it does it: with supabase-js, against one address.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import {
  app, approveAtZoom, clientOf, connectZoom, deliverOutbox, followed, meetingsAtZoom, ok, person, planned, refusal,
  service, until, variables,
} from "./stack.mjs";

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

const getZoomStatus = async (by) =>
  ok(await by.supabase.from("user_integrations_zoom").select("status, zoom_account_email, connected_at").maybeSingle());
const getZoomOAuthUrl = async (by, return_to) =>
  ok(await by.supabase.functions.invoke("zoom-oauth-start", { body: { return_to } })).url;
const disconnectZoom = async (by) => ok(await by.supabase.functions.invoke("zoom-disconnect", { body: {} }));
const updateSession = (by, session, action, changes) =>
  by.supabase.functions.invoke("update-video-session", { body: { session_id: session.id, action, ...changes } });

const sendSessionInvite = (by, session, whom) =>
  by.supabase.functions.invoke("send-session-invite", { body: { session_id: session.id, ...whom } });

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

describe("sendSessionInvite", () => {
  const message = "See you on Monday.\nBring your shoes.";
  const received = async (by) => ok(await by.supabase.from("messages").select("conversation_id,content"));
  const told = async (by, session) => {
    const ofSession = by.supabase.from("notifications").select("type").eq("data->>session_id", session.id);
    return ok(await ofSession).map(({ type }) => type).sort();
  };
  const conversation = async (by) => ok(await by.supabase.from("conversations").select("id").single()).id;
  let session, invited;

  before(async () => {
    invited = await clientOf(host);
    session = ok(await createSession(host, planned({ provider: "jitsi" }))).session;
  });

  test("posts link and message to a client, who takes part from then on", async () => {
    assert.equal(await getSession(invited, session.id), null);
    const { invitations } = ok(await sendSessionInvite(host, session, { client_ids: [invited.id], message }));
    const conversation_id = await conversation(invited);
    assert.deepEqual(invitations, [{ client_id: invited.id, conversation_id, status: "invited" }]);

    const [posted, ...others] = await received(invited);
    assert.deepEqual([posted.conversation_id, others], [conversation_id, []]);
    assert.ok(posted.content.startsWith(message) && posted.content.endsWith(session.join_url), posted.content);
    assert.equal((await getSession(invited, session.id)).join_url, session.join_url);
    assert.deepEqual(await told(invited, session), ["video_session_added"]);
  });

  test("says so when it was sent before, and sends nothing", async () => {
    for (const whom of [{ client_ids: [invited.id] }, { conversation_id: await conversation(invited), message }, {}]) {
      const { invitations } = ok(await sendSessionInvite(host, session, whom));
      assert.deepEqual(invitations.map(({ client_id, status }) => [client_id, status]), [[invited.id, "already_invited"]]);
    }
    assert.equal((await received(invited)).length, 1);
    assert.deepEqual(await told(invited, session), ["video_session_added"]);
  });

  test("invites everyone who takes part when nobody is named, once, however many ask at once", async () => {
    const members = [await clientOf(host), await clientOf(host)];
    const together = ok(await createSession(host, planned({ provider: "jitsi", client_ids: members.map(({ id }) => id) })));
    const answers = await Promise.all(Array.from({ length: 5 }, () => sendSessionInvite(host, together.session)));
    const statuses = answers.flatMap((answer) => ok(answer).invitations).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === "invited").length, 2);
    assert.equal(statuses.filter((status) => status === "already_invited").length, 8);
    for (const member of members) {
      assert.equal((await received(member)).length, 1);
      assert.deepEqual(await told(member, together.session), ["video_session_added", "video_session_invited"]);
    }
  });

  test("does not send a second time what send_invite has sent", async () => {
    const { session: announced } = ok(await createSession(host, planned({
      provider: "jitsi", client_id: invited.id, send_invite: true,
    })));
    const [{ status }] = ok(await sendSessionInvite(host, announced, { client_ids: [invited.id] })).invitations;
    assert.equal(status, "already_invited");
  });

  test("is the host's alone, and for the host's own clients", async () => {
    const elsewhere = await conversation(await clientOf(otherHost));
    for (const [by, whom, status, code] of [
      [{ supabase: app() }, {}, 401, "unauthenticated"],
      [stranger, { client_ids: [stranger.id] }, 404, "session_not_found"],
      [invited, {}, 404, "session_not_found"],
      [otherHost, { conversation_id: elsewhere }, 404, "session_not_found"],
      [host, { conversation_id: elsewhere }, 404, "conversation_not_found"],
      [host, { client_ids: [stranger.id] }, 403, "client_not_yours"],
      [host, { client_ids: [secondClient.id, stranger.id] }, 403, "client_not_yours"],
      [host, { client_ids: [] }, 422, "invalid_field"],
      [host, { message: " " }, 422, "invalid_field"],
    ]) {
      const refused = await refusal(await sendSessionInvite(by, session, whom));
      assert.deepEqual([refused.status, refused.code], [status, code], JSON.stringify(whom));
    }
    assert.equal(await getSession(stranger, session.id), null);
    assert.equal(await getSession(secondClient, session.id), null);
  });

  test("ends with the session", async () => {
    ok(await updateSession(host, session, "cancel"));
    const refused = await refusal(await sendSessionInvite(host, session, { client_ids: [secondClient.id] }));
    assert.deepEqual([refused.status, refused.code], [409, "session_closed"]);
  });
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

describe("Zoom", () => {
  let trainer, ownClient, zoom;

  before(async () => {
    trainer = await person("trainer");
    ownClient = await clientOf(trainer);
  });

  test("is connected from the app, and back in it", async () => {
    assert.equal(await getZoomStatus(trainer), null);
    const url = await getZoomOAuthUrl(trainer);
    zoom = await approveAtZoom(url);
    assert.equal(await followed(zoom.location), "cotrainr://video/zoom-connected?status=connected");
    const status = await getZoomStatus(trainer);
    assert.equal(status.status, "connected");
    assert.match(status.zoom_account_email, /@/);
    for (const other of [ownClient, otherHost]) assert.equal(await getZoomStatus(other), null);
    assert.deepEqual(await meetingsAtZoom(zoom), []);
  });

  test("leads a web app back to its own page", async () => {
    const page = `${variables.API_URL}/settings?tab=video`;
    const approved = await approveAtZoom(await getZoomOAuthUrl(otherHost, page));
    assert.equal(await followed(approved.location), `${page}&status=connected`);
    await disconnectZoom(otherHost);
    const elsewhere = await refusal(await otherHost.supabase.functions.invoke("zoom-oauth-start", {
      body: { return_to: "https://evil.example/" },
    }));
    assert.deepEqual([elsewhere.status, elsewhere.code, elsewhere.details], [422, "invalid_field", { field: "return_to" }]);
  });

  test("has no tokens that the app could use", async () => {
    const row = ok(await trainer.supabase.from("user_integrations_zoom").select("*").single());
    for (const token of [row.access_token, row.refresh_token]) assert.match(token, /^v1\.[\w-]+\.[\w-]+$/);
    const changed = trainer.supabase.from("user_integrations_zoom").update({ access_token: "x" }).eq("user_id", trainer.id);
    const { data, error } = await changed.select();
    assert.ok(error?.code === "42501" || data.length === 0, "the app reads this row and never writes it");
    assert.deepEqual(ok(await trainer.supabase.from("user_integrations_zoom").select("*").single()), row);
  });

  test("follows a session that is moved, started and ended", async () => {
    const { session } = ok(await createSession(trainer, planned({ client_id: ownClient.id })));
    const scheduled_start = new Date(Date.now() + 9 * 24 * 3600 * 1000).toISOString().replace(/\.\d+/, "");
    const moved = ok(await updateSession(trainer, session, "reschedule", { scheduled_start, duration_minutes: 25 }));
    assert.equal(Date.parse(moved.session.scheduled_start), Date.parse(scheduled_start));
    assert.equal((await getSession(ownClient, session.id)).duration_minutes, 25);
    const [meeting] = await meetingsAtZoom(zoom);
    assert.deepEqual([meeting.start_time, meeting.duration], [scheduled_start, 25]);

    assert.equal((await refusal(await updateSession(ownClient, session, "start"))).status, 404);
    const started = ok(await updateSession(trainer, session, "start"));
    assert.match(started.start_url, /zak=/);
    assert.equal((await getSession(ownClient, session.id)).status, "live");
    assert.doesNotMatch(JSON.stringify(await getSession(ownClient, session.id)), /zak=/);
    assert.equal(ok(await updateSession(trainer, session, "end")).session.status, "ended");

    const types = ok(await ownClient.supabase.from("notifications").select("type").eq("data->>session_id", session.id));
    assert.deepEqual(types.map(({ type }) => type).sort(), [
      "video_session_added", "video_session_rescheduled", "video_session_started",
    ]);
  });

  for (const [way, cancelSession] of [
    ["by updating the row", (session) => trainer.supabase.from("video_sessions").update({ status: "cancelled" }).eq("id", session.id)],
    ["by the function", (session) => updateSession(trainer, session, "cancel")],
  ]) {
    test(`loses the meeting of a session that the app cancels ${way}`, async () => {
      const before = (await meetingsAtZoom(zoom)).length;
      const { session } = ok(await createSession(trainer, planned({ client_id: ownClient.id })));
      assert.equal((await meetingsAtZoom(zoom)).length, before + 1);
      ok(await cancelSession(session));
      assert.equal((await getSession(ownClient, session.id)).status, "cancelled");
      await until(async () => {
        await deliverOutbox();
        return (await meetingsAtZoom(zoom)).length === before;
      });
    });
  }

  test("moves with a session that the app reschedules by updating the row", async () => {
    const { session } = ok(await createSession(trainer, planned({ title: "Moved by the app" })));
    ok(await trainer.supabase.from("video_sessions").update({ duration_minutes: 35 }).eq("id", session.id));
    await until(async () => {
      await deliverOutbox();
      return (await meetingsAtZoom(zoom)).find(({ topic }) => topic === "Moved by the app").duration === 35;
    });
  });

  test("is disconnected, once and again", async () => {
    for (let time = 0; time < 2; time += 1) {
      assert.deepEqual(await disconnectZoom(trainer), { status: "disconnected" });
      assert.equal(await getZoomStatus(trainer), null);
    }
    const refused = await refusal(await createSession(trainer, planned()));
    assert.deepEqual([refused.status, refused.code], [409, "zoom_not_connected"]);
  });
});
