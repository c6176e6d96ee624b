// What LiveKit, which OpenVidu 3 is, makes of our tokens, and which of its webhooks are believed: its own server SDK reads and
// signs.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { AccessToken, TokenVerifier, WebhookEvent, WebhookReceiver } from "livekit-server-sdk";
import { anOperator, clientOfOperator, enter, join, meetingNow, seen } from "./meetings.mjs";
import { ok, person, service, variables } from "./stack.mjs";

let operator, client, stranger;

before(async () => {
  [operator, stranger] = await Promise.all([anOperator(), person()]);
  client = await clientOfOperator(operator.id);
});

const planned = () => meetingNow(operator, client);

/** Delivers a webhook as LiveKit does. The status of the answer. */
async function deliver(body, authorization) {
  const response = await fetch(`${variables.FUNCTIONS_URL}/openvidu-webhook`, {
    method: "POST",
    headers: { "content-type": "application/webhook+json", ...(authorization && { authorization }) },
    body,
  });
  if (response.ok) assert.deepEqual(await response.json(), { received: true });
  return response.status;
}

/** The header by which LiveKit vouches for a body. */
function signed(body, key, secret, ttl = "5m") {
  const token = new AccessToken(key, secret, { ttl });
  token.sha256 = createHash("sha256").update(body).digest("base64");
  return token.toJwt();
}

describe("LiveKit's own SDK", { skip: variables.OPENVIDU_VERSION === "2" && "this stack has OpenVidu 2" }, () => {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = variables;
  const inSeconds = () => `${Math.floor(Date.now() / 1000)}`;

  /** An event as LiveKit's encoder writes it. */
  const event = (name, details) =>
    WebhookEvent.fromJson({ event: name, id: `EV_${randomUUID()}`, createdAt: inSeconds(), ...details }).toJsonString();
  const joined = (room) => event("participant_joined", {
    room: { sid: "RM_1", name: room },
    participant: { sid: `PA_${room}`, identity: client.id, state: "ACTIVE", joinedAt: inSeconds() },
  });

  test("takes our tokens for what they are", async () => {
    const meeting = await planned();
    for (const [by, role, moderates] of [[operator, "operator", true], [client, "client", undefined]]) {
      const { token, sessionId, url } = ok(await join(by, meeting));
      assert.match(url, /^wss?:\/\//);
      const claims = await new TokenVerifier(key, secret).verify(token);
      assert.deepEqual([claims.sub, JSON.parse(claims.metadata)], [by.id, { role }]);
      const { room, roomJoin, canPublish, canSubscribe, canPublishData, roomAdmin, ...others } = claims.video;
      assert.deepEqual([room, roomJoin, canPublish, canSubscribe, canPublishData], [sessionId, true, true, true, true]);
      assert.equal(roomAdmin || undefined, moderates);
      assert.deepEqual(others, {}, "and nothing else is granted");
      assert.ok(claims.exp - Date.now() / 1000 <= 120 && claims.exp > Date.now() / 1000);
      await assert.rejects(new TokenVerifier(key, "another secret, of thirty-two letters").verify(token));
    }
  });

  test("takes the simulator's webhooks for LiveKit's", async () => {
    const { events } = await enter(operator, await planned());
    const receiver = new WebhookReceiver(key, secret);
    for (const { webhook, authorization } of events) assert.ok((await receiver.receive(webhook, authorization)).room);
  });

  test("signs webhooks that are believed", async () => {
    const meeting = await planned();
    const { sessionId: room } = ok(await join(operator, meeting));
    const arrival = joined(room);
    for (let time = 0; time < 2; time += 1) assert.equal(await deliver(arrival, await signed(arrival, key, secret)), 200);
    const attendance = operator.supabase.from("meeting_attendance").select("connection_id,user_id").eq("meeting_id", meeting.id);
    assert.deepEqual(ok(await attendance), [{ connection_id: `PA_${room}`, user_id: client.id }]);

    const location = `https://recordings.example/${meeting.id}.mp4`;
    const recording = event("egress_ended", {
      egressInfo: {
        egressId: "EG_1", roomName: room, status: "EGRESS_COMPLETE", endedAt: `${Date.now()}000000`,
        fileResults: [{ filename: `${meeting.id}.mp4`, location, duration: "2000000000", size: "4096" }],
      },
    });
    assert.equal(await deliver(recording, await signed(recording, key, secret)), 200);
    assert.equal((await seen(client, meeting)).recording_url, location);

    for (const other of ["room_finished", "track_published"]) {
      const body = event(other, { room: { sid: "RM_1", name: room } });
      assert.equal(await deliver(body, await signed(body, key, secret)), 200);
    }
    assert.equal((await seen(client, meeting)).status, "in_progress", "whoever is in the room may come back");
  });

  test("cannot make a webhook believed with another secret, for another body, or too late", async () => {
    const meeting = await planned();
    const { token, sessionId } = ok(await join(operator, meeting));
    const body = joined(sessionId);
    for (const [what, sent, authorization] of [
      ["nothing", body, undefined],
      ["another secret", body, await signed(body, key, "another secret, of thirty-two letters")],
      ["another body", body.replace(client.id, stranger.id), await signed(body, key, secret)],
      ["one byte more", `${body} `, await signed(body, key, secret)],
      ["an old one", body, await signed(body, key, secret, "-1h")],
      ["what lets a participant in", body, token],
      ["another key", body, await signed(body, `${key}x`, secret)],
      ["the secret itself", body, `Bearer ${secret}`],
    ]) {
      assert.equal(await deliver(sent, authorization), 401, what);
    }
    assert.deepEqual(ok(await service.from("meeting_attendance").select("*").eq("meeting_id", meeting.id)), []);
  });
});
