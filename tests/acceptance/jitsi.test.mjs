// The Jitsis that let in by tokens, which a stack has not: `virtual-sessions` as it was built, in the stack's runtime, once for
// each configuration. What it signs is read by `jose`, which has nothing of ours.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { asked, deployed as deployedFunction } from "./deployed.mjs";
import { ok, person, service, variables } from "./stack.mjs";

const NAME = "virtual-sessions";
const PUBLIC = /^https:\/\/meet\.jit\.si\/convene-[0-9a-f]{64}$/;

let tutor, student;

before(async () => {
  [tutor, student] = await Promise.all([person("tutor"), person("student")]);
  ok(await service.from("profiles").update({ full_name: "Zoë \"Z\" 👩" }).eq("id", tutor.id));
});

const deployed = (jitsi) => deployedFunction(NAME, jitsi);
/** The one of the stack, at the public Jitsi. */
const publicly = asked(variables.FUNCTIONS_URL, NAME);

/** A session that begins now, and in which the student has a seat. */
async function planned(ask) {
  const created = await ask(tutor, {
    action: "create", title: "Integrals", tutor_name: "Ms Tutor", scheduled_time: new Date().toISOString(),
  });
  assert.equal(created.status, 201, JSON.stringify(created));
  const session_id = created.session.id;
  assert.equal((await ask(student, { action: "register", session_id })).status, "registered");
  return session_id;
}
const join = (ask, by, session_id) => ask(by, { action: "join", session_id });
const room = async (session_id) =>
  ok(await service.from("virtual_session_rooms").select("meeting_room_id, meeting_url").eq("session_id", session_id).single());

/** How often someone heard that the session has another room. */
const moves = async (by, session_id) => ok(await by.supabase.from("notifications").select("id")
  .eq("type", "virtual_session_room_moved").eq("data->>session_id", session_id)).length;

/** What both servers read, once the signature is theirs. */
function assertTimesAndUser({ nbf, exp, iat, ...claims }, by) {
  const now = Date.now() / 1000;
  assert.ok(Number.isInteger(nbf) && nbf <= now - 15 && nbf > now - 120, `from now on, by Jitsi's clock too: ${nbf}`);
  assert.equal(exp, nbf + 30 + 300, "for five minutes");
  assert.equal(iat, undefined);
  assert.doesNotMatch(JSON.stringify(claims), /null/);
  const name = by === tutor ? "Zoë \"Z\" 👩" : "";
  assert.deepEqual(claims.context.user, { id: by.id, name, moderator: by === tutor ? "true" : "false" });
}

describe("a server of one's own", () => {
  const JITSI_APP_SECRET = randomUUID();
  const jitsi = { JITSI_DOMAIN: "Meet.Example", JITSI_APP_ID: "convene", JITSI_APP_SECRET };
  let ask;
  before(async () => (ask = await deployed(jitsi)));

  test("lets in by a token for this person and this room", async () => {
    const session_id = await planned(ask);
    const { meeting_room_id, meeting_url } = await room(session_id);
    assert.equal(meeting_url, `https://meet.example/${meeting_room_id}`);
    for (const [by, role] of [[tutor, "host"], [student, "participant"]]) {
      const entry = await join(ask, by, session_id);
      assert.deepEqual([entry.status, entry.role, entry.meeting_room_id], [200, role, meeting_room_id]);
      assert.equal(entry.meeting_url, `${meeting_url}?jwt=${entry.token}`);
      const { payload, protectedHeader } = await jwtVerify(entry.token, Buffer.from(JITSI_APP_SECRET), {
        algorithms: ["HS256"], issuer: "convene", audience: "jitsi", subject: "meet.example",
      });
      assert.deepEqual(protectedHeader, { alg: "HS256", typ: "JWT" });
      assertTimesAndUser(payload, by);
      const { iss, aud, sub, room, nbf, exp, context, ...others } = payload;
      assert.deepEqual([iss, aud, sub, room], ["convene", "jitsi", "meet.example", meeting_room_id]);
      assert.equal(room, room.toLowerCase());
      assert.deepEqual([Object.keys(context), others], [["user"], {}]);
      await assert.rejects(jwtVerify(entry.token, Buffer.from(randomUUID())), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
      assert.ok(!JSON.stringify(entry).includes(JITSI_APP_SECRET));
    }
  });

  test("gives none to whoever has no seat, or has lost it", async () => {
    const session_id = await planned(ask);
    const stranger = await person("student");
    const refused = async (by, code) => {
      const answer = await join(ask, by, session_id);
      assert.deepEqual([answer.status, answer.code], [403, code]);
      assert.doesNotMatch(JSON.stringify(answer), /convene-|eyJ/);
    };
    await refused(stranger, "not_registered");
    await ask(tutor, { action: "remove", session_id, user_id: student.id });
    await refused(student, "removed");
  });

  test("has no token for a room that is elsewhere", async () => {
    const elsewhere = await planned(publicly);
    const entry = await join(ask, student, elsewhere);
    assert.deepEqual([entry.meeting_url, entry.token], [(await room(elsewhere)).meeting_url, undefined]);
    assert.match(entry.meeting_url, PUBLIC);
  });

  test("keeps its room when somebody is removed, before and while it goes on", async () => {
    const session_id = await planned(ask);
    const before = await room(session_id);
    await ask(tutor, { action: "remove", session_id, user_id: student.id });
    await ask(tutor, { action: "start", session_id });
    await ask(tutor, { action: "remove", session_id, user_id: (await person("student")).id });
    assert.deepEqual(await room(session_id), before);
    assert.equal(decodeJwt((await join(ask, tutor, session_id)).token).room, before.meeting_room_id);
    assert.equal(await moves(tutor, session_id), 0);
  });

  test("is left once the deployment has no tokens for it any more, by whoever joins first", async () => {
    const session_id = await planned(ask);
    const known = (await join(ask, student, session_id)).meeting_room_id;
    await ask(tutor, { action: "remove", session_id, user_id: student.id });
    const refused = await join(publicly, student, session_id);
    assert.deepEqual([refused.status, refused.code], [403, "removed"]);
    assert.equal((await room(session_id)).meeting_room_id, known, "a refusal moves nothing");
    const entries = await Promise.all([1, 2, 3, 4].map(() => join(publicly, tutor, session_id)));
    const { meeting_room_id, meeting_url } = await room(session_id);
    assert.notEqual(meeting_room_id, known, "which whoever was removed knows");
    assert.match(meeting_url, PUBLIC);
    for (const entry of entries) assert.deepEqual([entry.status, entry.meeting_url, entry.token], [200, meeting_url, undefined]);
    assert.deepEqual([await moves(tutor, session_id), await moves(student, session_id)], [1, 0]);
  });

  test("is followed by a server that has tokens too", async () => {
    const session_id = await planned(ask);
    const elsewhere = await deployed({ ...jitsi, JITSI_DOMAIN: "other.example" });
    const entry = await join(elsewhere, student, session_id);
    const { meeting_room_id, meeting_url } = await room(session_id);
    assert.equal(meeting_url, `https://other.example/${meeting_room_id}`);
    assert.equal(entry.meeting_url, `${meeting_url}?jwt=${entry.token}`);
    const { sub, room: opened } = decodeJwt(entry.token);
    assert.deepEqual([sub, opened], ["other.example", meeting_room_id]);
  });
});

describe("a server of one's own without tokens", () => {
  test("has the session go on in another room, there too, when somebody is removed", async () => {
    const ask = await deployed({ JITSI_DOMAIN: "meet.example" });
    const session_id = await planned(ask);
    const { meeting_url, token } = await join(ask, student, session_id);
    assert.equal(token, undefined);
    await ask(tutor, { action: "remove", session_id, user_id: student.id });
    const now = await room(session_id);
    assert.notEqual(now.meeting_url, meeting_url);
    assert.equal(now.meeting_url, `https://meet.example/${now.meeting_room_id}`);
    assert.deepEqual([await moves(tutor, session_id), await moves(student, session_id)], [1, 0]);
  });
});

describe("JaaS", () => {
  const JAAS_APP_ID = "vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe";
  const JAAS_KEY_ID = "4f4910";
  const generated = generateKeyPair("RS256", { extractable: true });
  const configured = async (changes) =>
    ({ JAAS_APP_ID, JAAS_KEY_ID, JAAS_PRIVATE_KEY: await exportPKCS8((await generated).privateKey), ...changes });

  for (const [how, written] of [
    ["in lines", (pem) => pem],
    ["in one line, as files of variables have it", (pem) => pem.replaceAll("\n", "\\n")],
  ]) {
    test(`lets in by a token that the runtime's WebCrypto signs, with a key written ${how}`, async () => {
      const { JAAS_PRIVATE_KEY } = await configured();
      const ask = await deployed(await configured({ JAAS_PRIVATE_KEY: written(JAAS_PRIVATE_KEY) }));
      const session_id = await planned(ask);
      const { meeting_room_id, meeting_url } = await room(session_id);
      assert.equal(meeting_url, `https://8x8.vc/${JAAS_APP_ID}/${meeting_room_id}`);
      for (const [by, role] of [[tutor, "host"], [student, "participant"]]) {
        const entry = await join(ask, by, session_id);
        assert.deepEqual([entry.status, entry.role, entry.meeting_room_id], [200, role, meeting_room_id]);
        assert.equal(entry.meeting_url, `${meeting_url}?jwt=${entry.token}`);
        const { payload, protectedHeader } = await jwtVerify(entry.token, (await generated).publicKey, {
          algorithms: ["RS256"], issuer: "chat", audience: "jitsi", subject: JAAS_APP_ID,
        });
        assert.deepEqual(protectedHeader, { alg: "RS256", typ: "JWT", kid: `${JAAS_APP_ID}/${JAAS_KEY_ID}` });
        assertTimesAndUser(payload, by);
        const { iss, aud, sub, room, nbf, exp, context, ...others } = payload;
        assert.deepEqual([iss, aud, sub, room], ["chat", "jitsi", JAAS_APP_ID, meeting_room_id]);
        assert.deepEqual([Object.keys(context).sort(), others], [["features", "user"], {}]);
        assert.ok(Object.values(context.features).every((feature) => feature === "false"), "nothing that costs or records");
        const { publicKey: another } = await generateKeyPair("RS256");
        await assert.rejects(jwtVerify(entry.token, another), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
      }
    });
  }

  test("lets nobody in with a key that cannot be used, and says nothing of it", async () => {
    const session_id = await planned(publicly);
    const pem = (type, options) => generateKeyPairSync(type, options).privateKey.export({ type: "pkcs8", format: "pem" });
    const right = await configured();
    for (const [what, changes] of [
      ["no RSA key", { JAAS_PRIVATE_KEY: pem("ec", { namedCurve: "P-256" }) }],
      ["a weak key", { JAAS_PRIVATE_KEY: pem("rsa", { modulusLength: 1024 }) }],
      ["no PEM", { JAAS_PRIVATE_KEY: "key" }],
      ["no key id", { JAAS_KEY_ID: "" }],
      ["another Jitsi beside it", { JITSI_DOMAIN: "meet.example", JITSI_APP_ID: "convene", JITSI_APP_SECRET: "secret" }],
    ]) {
      const ask = await deployed({ ...right, ...changes });
      const { meeting_room_id } = await room(session_id);
      const at = { meeting_url: `https://8x8.vc/${JAAS_APP_ID}/${meeting_room_id}` };
      ok(await service.from("virtual_session_rooms").update(at).eq("session_id", session_id));
      const { request_id, ...answer } = await join(ask, student, session_id);
      assert.deepEqual(answer, { status: 500, code: "internal", error: "Something went wrong on our side." }, what);
    }
  });
});
