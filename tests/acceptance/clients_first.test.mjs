// Where clients do not wait for their operator, which a stack has not: get-openvidu-token as it was built, with
// CLIENTS_WAIT_FOR_OPERATOR, at the OpenVidu of the stack, 2 or 3.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { deployed } from "./deployed.mjs";
import { anOperator, clientOfOperator, createMeeting, inRoom, join, roomAtOpenVidu, seen } from "./meetings.mjs";
import { ok, refusal, variables } from "./stack.mjs";

const MINUTE = 60 * 1000;
const SERVER = ["OPENVIDU_URL", "OPENVIDU_SECRET", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"];
const server = Object.fromEntries(SERVER.filter((name) => name in variables).map((name) => [name, variables[name]]));

let operator, otherOperator, client, otherClient;

before(async () => {
  [operator, otherOperator] = await Promise.all([anOperator(), anOperator()]);
  [client, otherClient] = await Promise.all([clientOfOperator(operator.id), clientOfOperator(otherOperator.id)]);
});

/** The function, where clients wait or not: what it answers to someone who joins. */
async function waiting(value) {
  const ask = await deployed("get-openvidu-token", { ...server, CLIENTS_WAIT_FOR_OPERATOR: value });
  return (by, meeting) => ask(by, { meetingId: meeting.id });
}

/** A meeting in so many minutes. */
async function planned(minutes) {
  const scheduledAt = new Date(Date.now() + minutes * MINUTE).toISOString();
  return ok(await createMeeting(operator, { clientId: client.record, title: "Annual review", scheduledAt })).meeting;
}

const roles = async (room) => (await roomAtOpenVidu(room)).participants.map(({ role }) => role.roomAdmin ?? role === "MODERATOR");

describe("clients who do not wait", () => {
  let ask;
  before(async () => (ask = await waiting("false")));

  test("enter from fifteen minutes before, as clients, and start nothing", async () => {
    const meeting = await planned(14);
    assert.equal((await refusal(await join(client, meeting))).code, "waiting_for_operator", "the stack's clients wait");
    const { status, token, sessionId } = await ask(client, meeting);
    assert.equal(status, 200);
    await inRoom("join", { token });
    const before = await seen(client, meeting);
    assert.deepEqual([before.status, before.started_at, before.session_id], ["scheduled", null, sessionId]);
    assert.deepEqual(await roles(sessionId), [false], "the client is there, and moderates nothing");

    const begun = await ask(operator, meeting);
    assert.deepEqual([begun.status, begun.sessionId], [200, sessionId], "the operator comes to the same room");
    await inRoom("join", { token: begun.token });
    assert.equal((await seen(client, meeting)).status, "in_progress");
    assert.deepEqual((await roles(sessionId)).sort(), [false, true]);
  });

  test("wait for the time", async () => {
    const meeting = await planned(17);
    const { status, code } = await ask(client, meeting);
    assert.deepEqual([status, code], [409, "too_early"]);
    assert.equal((await seen(client, meeting)).session_id, null, "no room was opened");
  });

  test("are this meeting's, and were not removed from it", async () => {
    const meeting = await planned(5);
    for (const by of [otherClient, otherOperator]) {
      const { status, code } = await ask(by, meeting);
      assert.deepEqual([status, code], [404, "meeting_not_found"]);
    }
    ok(await operator.supabase.rpc("remove_from_meeting", { meeting_id: meeting.id }));
    const removed = await ask(client, meeting);
    assert.deepEqual([removed.status, removed.code], [403, "removed"]);
    assert.equal((await seen(operator, meeting)).session_id, null);
  });

  test("enter nothing that is off", async () => {
    const meeting = await planned(5);
    ok(await operator.supabase.from("meetings").update({ status: "cancelled" }).eq("id", meeting.id));
    const { status, code } = await ask(client, meeting);
    assert.deepEqual([status, code], [409, "meeting_closed"]);
  });
});

test("clients wait where that is said", async () => {
  const ask = await waiting("true");
  const { status, code } = await ask(client, await planned(5));
  assert.deepEqual([status, code], [409, "waiting_for_operator"]);
});

test("nobody enters where something else is said", async () => {
  const [ask, meeting] = [await waiting("no"), await planned(5)];
  for (const by of [client, operator]) {
    const { status, code } = await ask(by, meeting);
    assert.deepEqual([status, code], [500, "internal"]);
  }
  assert.deepEqual([(await seen(operator, meeting)).status, (await seen(operator, meeting)).session_id], ["scheduled", null]);
});
