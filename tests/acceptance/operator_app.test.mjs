// What the operator and client app does with its meetings, as it does it: with supabase-js, against one address.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import {
  anOperator, clientOfOperator, createMeeting, enter, inRoom, join, meetingNow, press, roomAtOpenVidu, seen,
} from "./meetings.mjs";
import { app, deliverOutbox, ok, person, refusal, refused, service, until } from "./stack.mjs";

let operator, otherOperator, client, secondClient, otherClient, stranger;
const DAY = 24 * 3600 * 1000;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();

before(async () => {
  [operator, otherOperator, stranger] = await Promise.all([anOperator(), anOperator(), person()]);
  [client, secondClient, otherClient] = await Promise.all([
    clientOfOperator(operator.id), clientOfOperator(operator.id), clientOfOperator(otherOperator.id),
  ]);
});

const plan = (by, withClient, withOperator, changes) =>
  by.supabase.from("meetings").insert({
    client_id: withClient.record,
    operator_id: withOperator.id,
    title: "Annual review",
    scheduled_at: inDays(7),
    ...changes,
  }).select().single();
const titles = async (query) => ok(await query).map(({ title }) => title);
const told = async (by) => ok(await by.supabase.from("notifications").select("type,data"));

describe("meetings of two clients", () => {
  before(async () => {
    for (const [withClient, title, days] of [[client, "A1", 1], [client, "A2", 5], [secondClient, "B1", 3]]) {
      ok(await plan(operator, withClient, operator, { title, scheduled_at: inDays(days) }));
    }
    ok(await plan(otherOperator, otherClient, otherOperator, { title: "C1" }));
    const { id } = ok(await plan(operator, secondClient, operator, { title: "B2", scheduled_at: inDays(4) }));
    ok(await operator.supabase.from("meetings").update({ status: "cancelled" }).eq("id", id));
  });

  const list = (by) => by.supabase.from("meetings").select("*").order("scheduled_at");

  test("the operator lists them, by client, by status and by date", async () => {
    assert.deepEqual(await titles(list(operator)), ["A1", "B1", "B2", "A2"]);
    assert.deepEqual(await titles(list(operator).eq("client_id", client.record)), ["A1", "A2"]);
    assert.deepEqual(await titles(list(operator).eq("status", "cancelled")), ["B2"]);
    const later = () => list(operator).gte("scheduled_at", inDays(2));
    assert.deepEqual(await titles(later().lt("scheduled_at", inDays(4.5))), ["B1", "B2"]);
    assert.deepEqual(await titles(later().eq("client_id", secondClient.record).eq("status", "scheduled")), ["B1"]);
    assert.deepEqual(await titles(list(operator).range(1, 2)), ["B1", "B2"]);
    assert.deepEqual(await titles(list(otherOperator)), ["C1"]);
  });

  test("each client lists their own", async () => {
    assert.deepEqual(await titles(list(client)), ["A1", "A2"]);
    assert.deepEqual(await titles(list(secondClient)), ["B1", "B2"]);
    assert.deepEqual(await titles(list(stranger)), []);
  });

  test("client A never sees B's, however they ask", async () => {
    const [theirs] = ok(await list(secondClient));
    for (const by of [client, otherClient, otherOperator, stranger]) {
      assert.deepEqual(ok(await list(by).eq("id", theirs.id)), []);
      assert.deepEqual(ok(await list(by).eq("client_id", secondClient.record)), []);
      assert.deepEqual(ok(await list(by).eq("title", "B1")), []);
      assert.deepEqual(ok(await by.supabase.from("clients").select("*,meetings(*)").eq("id", secondClient.record)), []);
    }
    const [record] = ok(await client.supabase.from("clients").select("*,meetings(title)"));
    assert.deepEqual(record.meetings.map(({ title }) => title).sort(), ["A1", "A2"]);
    const { data } = await app().from("meetings").select("*");
    assert.ok(data === null || data.length === 0, "not signed in");
  });
});

test("operator and client plan meetings with each other, and the other side is told", async () => {
  const byOperator = ok(await plan(operator, client, operator));
  assert.equal(byOperator.status, "scheduled");
  const byClient = ok(await plan(client, client, operator, { description: "About the contract" }));
  const heard = async (by) =>
    (await told(by)).filter(({ type }) => type === "meeting_created").map(({ data }) => data.meeting_id);
  assert.ok((await heard(client)).includes(byOperator.id));
  assert.ok(!(await heard(client)).includes(byClient.id));
  assert.ok((await heard(operator)).includes(byClient.id));
  assert.ok(!(await heard(operator)).includes(byOperator.id));
});

test("nobody plans a meeting for others", async () => {
  for (const [by, withClient, withOperator] of [
    [client, secondClient, operator], [client, client, otherOperator], [operator, otherClient, operator],
    [operator, otherClient, otherOperator], [otherOperator, client, operator], [stranger, client, operator],
  ]) {
    refused(await plan(by, withClient, withOperator), 403, "42501");
  }
  refused(await plan({ supabase: app() }, client, operator), 401, "42501");
});

test("nobody begins a meeting with what only the service knows, or out of range", async () => {
  for (const changes of [{ status: "completed" }, { session_id: "room" }, { recording_url: "https://r.example/1" }]) {
    refused(await plan(operator, client, operator, changes), 403, "42501");
  }
  const answer = await plan(operator, client, operator, { title: "" });
  refused(answer, 422, "invalid_field");
  assert.equal(answer.error.details, "title");
});

test("the operator moves, begins and ends a meeting; the lifecycle has no way back", async () => {
  const { id } = ok(await plan(operator, client, operator));
  const change = (by, changes) => by.supabase.from("meetings").update(changes).eq("id", id).select().maybeSingle();
  for (const by of [client, otherOperator, stranger]) assert.equal(ok(await change(by, { status: "cancelled" })), null);
  ok(await change(operator, { scheduled_at: inDays(8) }));
  assert.equal(typeof ok(await change(operator, { status: "in_progress" })).started_at, "string");
  refused(await change(operator, { status: "cancelled" }), 409, "invalid_transition");
  // Refused by the column's grant, or by the guard where there is none.
  assert.equal((await change(operator, { client_id: secondClient.record })).status, 403);
  const ended = ok(await change(operator, { status: "completed" }));
  assert.equal(typeof ended.ended_at, "string");
  assert.equal(typeof ended.duration_seconds, "number");
  refused(await change(operator, { status: "scheduled" }), 409, "invalid_transition");
  const heard = (await told(client)).filter(({ data }) => data.meeting_id === id).map(({ type }) => type);
  assert.deepEqual(heard.sort(), ["meeting_created", "meeting_rescheduled", "meeting_started"]);
  assert.equal(ok(await service.from("meetings").select("client_id").eq("id", id).single()).client_id, client.record);
});

test("an operator takes over no client", async () => {
  await operator.supabase.from("clients").update({ operator_id: operator.id }).eq("id", otherClient.record);
  await otherClient.supabase.from("clients").update({ operator_id: operator.id }).eq("id", otherClient.record);
  const { operator_id } = ok(await service.from("clients").select("operator_id").eq("id", otherClient.record).single());
  assert.equal(operator_id, otherOperator.id);
});

const planned = () => meetingNow(operator, client);

describe("create-meeting", () => {
  const scheduledAt = inDays(3);

  test("plans for both sides, as either of them asks", async () => {
    const body = { clientId: client.record, title: "Contract", description: "The new one", scheduledAt };
    const { meeting } = ok(await createMeeting(operator, body));
    assert.deepEqual([meeting.client_id, meeting.operator_id, meeting.status], [client.record, operator.id, "scheduled"]);
    assert.deepEqual([meeting.title, meeting.description], ["Contract", "The new one"]);
    assert.equal(Date.parse(meeting.scheduled_at), Math.floor(Date.parse(scheduledAt) / 1000) * 1000);
    assert.equal((await seen(client, meeting)).title, "Contract");
    const asked = ok(await createMeeting(client, { title: "A question", scheduledAt })).meeting;
    assert.deepEqual([asked.client_id, asked.operator_id], [client.record, operator.id]);
    for (const [by, { id }] of [[client, meeting], [operator, asked]]) {
      assert.ok((await told(by)).some(({ type, data }) => type === "meeting_created" && data.meeting_id === id));
    }
  });

  test("makes one meeting with one Idempotency-Key", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = { clientId: client.record, title: "Once", scheduledAt };
    const first = ok(await createMeeting(operator, body, headers));
    assert.deepEqual(ok(await createMeeting(operator, body, headers)), first);
    const other = await refusal(await createMeeting(operator, { ...body, title: "Twice" }, headers));
    assert.deepEqual([other.status, other.code], [422, "idempotency_key_reused"]);
  });

  test("plans nothing for others", async () => {
    for (const [by, body, status, code, field] of [
      [{ supabase: app() }, { clientId: client.record }, 401, "unauthenticated"],
      [operator, { clientId: otherClient.record }, 404, "client_not_found", "clientId"],
      [client, { clientId: secondClient.record }, 404, "client_not_found", "clientId"],
      [stranger, {}, 404, "client_not_found", "clientId"],
      [operator, { clientId: client.record, operatorId: otherOperator.id }, 422, "invalid_field", "operatorId"],
      [operator, { clientId: client.record, title: " " }, 422, "invalid_field", "title"],
    ]) {
      const answer = await refusal(await createMeeting(by, { title: "Theirs", scheduledAt, ...body }));
      assert.deepEqual([answer.status, answer.code, answer.details?.field], [status, code, field], JSON.stringify(body));
    }
  });
});

describe("a meeting in its room", () => {
  test("begins when the operator joins, and the client waits for that", async () => {
    const meeting = await planned();
    const waiting = await join(client, meeting);
    assert.ok(Number(waiting.error.context.headers.get("retry-after")) > 0);
    const { status, code } = await refusal(waiting);
    assert.deepEqual([status, code], [409, "waiting_for_operator"]);

    const first = await enter(operator, meeting);
    const begun = await seen(client, meeting);
    assert.deepEqual([begun.status, begun.session_id], ["in_progress", first.sessionId]);
    assert.ok(Math.abs(Date.parse(begun.started_at) - Date.now()) < 60_000);
    assert.ok((await told(client)).some(({ type, data }) => type === "meeting_started" && data.meeting_id === meeting.id));
    await enter(client, meeting);
    assert.equal((await roomAtOpenVidu(begun.session_id)).participants.length, 2);

    const attendance = (by) => by.supabase.from("meeting_attendance").select("user_id,joined_at").eq("meeting_id", meeting.id);
    assert.deepEqual(ok(await attendance(operator)).map(({ user_id }) => user_id).sort(), [operator.id, client.id].sort());
    for (const by of [client, otherOperator, stranger]) assert.deepEqual(ok(await attendance(by)), []);
  });

  test("lets nobody else in", async () => {
    const meeting = await planned();
    for (const what of ["get-openvidu-token", "start-meeting", "end-meeting"]) {
      for (const by of [otherOperator, otherClient, secondClient, stranger]) {
        const { status, code } = await refusal(await press(by, what, meeting));
        assert.deepEqual([status, code], [404, "meeting_not_found"], what);
      }
      assert.equal((await refusal(await press({ supabase: app() }, what, meeting))).status, 401);
    }
    for (const what of ["start-meeting", "end-meeting"]) {
      const { status, code } = await refusal(await press(client, what, meeting));
      assert.deepEqual([status, code], [403, "not_the_operator"], what);
    }
  });

  test("can be started without joining, and that twice", async () => {
    const meeting = await planned();
    const started = ok(await press(operator, "start-meeting", meeting)).meeting;
    assert.equal(started.status, "in_progress");
    assert.deepEqual((await roomAtOpenVidu(started.session_id)).participants, []);
    assert.deepEqual(ok(await press(operator, "start-meeting", meeting)).meeting, started);
    await enter(client, meeting);
  });

  test("ends for both when the operator ends it, and that twice", async () => {
    const meeting = await planned();
    await enter(operator, meeting);
    await enter(client, meeting);
    const { meeting: ended, openvidu } = ok(await press(operator, "end-meeting", meeting));
    assert.deepEqual([ended.status, openvidu], ["completed", "done"]);
    assert.equal(typeof ended.ended_at, "string");
    assert.equal(typeof ended.duration_seconds, "number");
    assert.equal(await roomAtOpenVidu(ended.session_id), null);
    const again = ok(await press(operator, "end-meeting", meeting));
    assert.deepEqual([again.meeting.status, again.openvidu], ["completed", undefined]);
    for (const by of [operator, client]) {
      const { status, code } = await refusal(await join(by, meeting));
      assert.deepEqual([status, code], [409, "meeting_closed"]);
    }
  });

  test("is closed too when the app completes the row", async () => {
    const meeting = await planned();
    const { sessionId } = await enter(operator, meeting);
    ok(await operator.supabase.from("meetings").update({ status: "completed" }).eq("id", meeting.id));
    await until(async () => {
      await deliverOutbox();
      return (await roomAtOpenVidu(sessionId)) === null;
    });
  });

  test("goes on when the last one reloads the page", async () => {
    const meeting = await planned();
    const { connection } = await enter(operator, meeting);
    await inRoom("leave", { connection });
    assert.equal((await seen(operator, meeting)).status, "in_progress");
    const back = await enter(operator, meeting);
    assert.notEqual(back.connection, connection);
    const attendance = ok(await operator.supabase.from("meeting_attendance").select("*").eq("meeting_id", meeting.id));
    const [first, second] = [connection, back.connection].map((id) => attendance.find((stay) => stay.connection_id === id));
    assert.equal(attendance.length, 2);
    assert.equal(typeof first.left_at, "string");
    assert.equal(second.left_at, null);
  });

  test("goes on when its room is gone, which people may open again", async () => {
    const meeting = await planned();
    const { sessionId } = await enter(operator, meeting);
    await inRoom("finish", { room: sessionId });
    assert.equal((await seen(client, meeting)).status, "in_progress");
    assert.equal((await enter(client, meeting)).sessionId, sessionId);
  });

  test("has a recording for both when it was recorded", async () => {
    const meeting = await planned();
    const { sessionId } = await enter(operator, meeting);
    await inRoom("record", { room: sessionId });
    await until(async () => {
      // OpenVidu 2 has to be asked where it is.
      await deliverOutbox();
      return (await seen(client, meeting)).recording_url !== null;
    });
    const { recording_url } = await seen(operator, meeting);
    assert.match(recording_url, /^https?:\/\//);
    assert.equal(await seen(stranger, meeting), null);
  });
});
