// What the therapy app does, as it does it: with supabase-js, against one address.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { app, ok, person, refusal, refused, service, variables } from "./stack.mjs";

let therapist, otherTherapist, patient, stranger;

before(async () => {
  [therapist, otherTherapist, patient, stranger] = await Promise.all([
    person("therapist"), person("therapist"), person("patient"), person(),
  ]);
});

const sessions = (by) => by.supabase.from("instant_sessions");
const participants = (by) => by.supabase.from("instant_session_participants");
const createSession = async (by, changes) =>
  ok(await sessions(by).insert({ session_name: "Anxiety", therapist_id: by.id, ...changes }).select().single());

/** Someone without an account: the secret is what makes two requests come from the same one. */
const guest = () => ({ supabase: app(), secret: randomUUID() + randomUUID() });

/** A request as whoever holds the link, and the guest's own secret. */
function holding({ session_token } = {}, { secret } = {}) {
  return (request) => {
    if (session_token !== undefined) request.setHeader("x-session-token", session_token);
    return secret === undefined ? request : request.setHeader("x-guest-secret", secret);
  };
}

/** The app's way into a session; it does not know whether the user has been there before. */
const enter = (by, session, changes, held = holding(session)) =>
  held(participants(by).upsert(
    { session_id: session.id, user_id: by.id, participant_name: "Pat", is_active: true, left_at: null, ...changes },
    { onConflict: "session_id,user_id" },
  ).select().single());

const enterAsGuest = (by, session, changes, held = holding(session, by)) =>
  held(participants(by).insert({ session_id: session.id, participant_name: "Guest", ...changes }).select().single());

const names = async (by, session, held = holding()) =>
  ok(await held(participants(by).select("participant_name").eq("session_id", session.id).order("participant_name")))
    .map(({ participant_name }) => participant_name);

describe("profiles beside inquiries and plans", () => {
  before(async () => {
    ok(await service.from("profiles").update({ full_name: "Pat Ient" }).eq("id", patient.id));
    for (const table of ["patient_inquiries", "treatment_plans"]) {
      ok(await service.from(table).insert({ patient_id: patient.id, therapist_id: therapist.id }));
    }
  });

  for (const [table, select, embedded] of [
    ["patient_inquiries", "*,patient:patient_id!inner(id,full_name)", "patient"],
    ["treatment_plans", "*,patient_profile:profiles!treatment_plans_patient_id_fkey(id,full_name)", "patient_profile"],
  ]) {
    test(`${table} with the patient`, async () => {
      for (const reader of [therapist, patient]) {
        const answer = await reader.supabase.from(table).select(select);
        assert.equal(answer.status, 200);
        assert.deepEqual(ok(answer).map((row) => row[embedded]), [{ id: patient.id, full_name: "Pat Ient" }]);
      }
      for (const other of [otherTherapist, stranger]) {
        assert.deepEqual(ok(await other.supabase.from(table).select(select)), []);
      }
    });
  }
});

describe("a session and its link", () => {
  test("a therapist creates one, with a token nobody chose", async () => {
    const session = await createSession(therapist, { session_token: "guessable" });
    assert.match(session.session_token, /^[0-9a-f]{64}$/);
    assert.equal(session.is_active, true);
    assert.equal(session.ended_at, null);
  });

  test("nobody else does", async () => {
    const insert = (by, host) => sessions(by).insert({ session_name: "Mine", therapist_id: host.id });
    refused(await insert(patient, patient), 403, "42501");
    refused(await insert(stranger, therapist), 403, "42501");
    refused(await insert(otherTherapist, therapist), 403, "42501");
    refused(await insert({ supabase: app() }, therapist), 401, "42501");
  });

  test("the link shows one session, to users and guests", async () => {
    const session = await createSession(therapist);
    for (const holder of [stranger, guest()]) {
      const seen = ok(await holding(session)(sessions(holder).select("*")));
      assert.deepEqual(seen.map(({ id }) => id), [session.id]);
    }
  });

  test("without it, or with another, there is nothing to list", async () => {
    const session = await createSession(therapist);
    for (const holder of [stranger, patient, guest()]) {
      for (const session_token of [undefined, "", "0".repeat(64), session.id, session.session_token.slice(1)]) {
        const held = holding({ session_token });
        assert.deepEqual(ok(await held(sessions(holder).select("*"))), []);
        assert.deepEqual(ok(await held(sessions(holder).select("*").eq("id", session.id))), []);
        assert.deepEqual(ok(await held(participants(holder).select("*"))), []);
      }
      // A token in the query is no link.
      assert.deepEqual(ok(await sessions(holder).select("*").eq("session_token", session.session_token)), []);
    }
    assert.deepEqual(ok(await sessions(otherTherapist).select("*")), []);
  });

  test("locking and ending it closes it to newcomers", async () => {
    const session = await createSession(therapist);
    ok(await enter(patient, session));
    ok(await sessions(therapist).update({ locked: true }).eq("id", session.id));
    refused(await enter(stranger, session), 403, "42501");
    const newcomer = guest();
    refused(await enterAsGuest(newcomer, session), 401, "42501");
    ok(await enter(patient, session));
    ok(await sessions(therapist).update({ is_active: false }).eq("id", session.id));
    refused(await enter(patient, session), 403, "42501");
    assert.deepEqual(ok(await holding(session)(sessions(newcomer).select("*"))), []);
    refused(await sessions(therapist).update({ is_active: true }).eq("id", session.id), 409, "invalid_transition");
  });
});

describe("coming in", () => {
  test("a user's two windows are one participant", async () => {
    const session = await createSession(therapist);
    const first = ok(await enter(patient, session));
    const second = ok(await enter(patient, session, { participant_name: "Pat, again" }));
    assert.equal(second.id, first.id);
    assert.notEqual(second.admitted_at, null);
    assert.equal(second.participant_name, "Pat", "whom the others know");
    assert.deepEqual(await names(therapist, session), ["Pat"]);
  });

  test("who left comes back, even if the app sends the name alone", async () => {
    const session = await createSession(therapist);
    ok(await enter(patient, session));
    for (const time of ["first", "second"]) {
      const leave = participants(patient).update({ is_active: false }).eq("session_id", session.id);
      const left = ok(await leave.select().single());
      assert.deepEqual([left.is_active, left.left_at !== null], [false, true], time);
    }
    const row = { session_id: session.id, user_id: patient.id, participant_name: "Pat" };
    ok(await participants(patient).upsert(row, { onConflict: "session_id,user_id" }));
    const back = ok(await participants(patient).select().eq("session_id", session.id).single());
    assert.deepEqual([back.is_active, back.left_at], [true, null]);
  });

  test("a guest comes in with the link, and keeps their row by their secret", async () => {
    const session = await createSession(therapist);
    const ann = guest();
    const row = ok(await enterAsGuest(ann, session, { participant_name: "Ann" }));
    assert.equal(row.user_id, null);
    assert.doesNotMatch(JSON.stringify(row), new RegExp(ann.secret));
    assert.deepEqual(await names(ann, session, holding(session, ann)), ["Ann"]);
    ok(await holding({}, ann)(participants(ann).update({ participant_name: "Doctor" }).eq("id", row.id)));
    assert.deepEqual(await names(therapist, session), ["Ann"]);
    const nobody = holding(session)(participants(guest()).insert({ session_id: session.id, participant_name: "Nobody" }));
    refused(await nobody, 422, "invalid_field");
    for (const other of [guest(), { ...guest(), secret: undefined }, stranger]) {
      const held = holding(session, other);
      assert.deepEqual(await names(other, session, held), []);
      const renamed = held(participants(other).update({ participant_name: "Gone" }).eq("id", row.id).select());
      assert.deepEqual(ok(await renamed), []);
      assert.deepEqual(ok(await held(participants(other).delete().eq("id", row.id).select())), []);
    }
    ok(await holding({}, ann)(participants(ann).delete().eq("id", row.id)));
    const left = participants(therapist).select("is_active").eq("session_id", session.id);
    assert.deepEqual(ok(await left), [{ is_active: false }]);
  });

  test("nobody comes in without the link, or as somebody else", async () => {
    const session = await createSession(therapist);
    ok(await enter(patient, session));
    for (const held of [holding(), holding({ session_token: "0".repeat(64) })]) {
      refused(await enter(stranger, session, {}, held), 403, "42501");
      refused(await enterAsGuest(guest(), session, {}, held), 401, "42501");
    }
    refused(await enter(stranger, session, { user_id: patient.id, participant_name: "Hijacked" }), 403, "42501");
    refused(await enter(stranger, session, { user_id: null }), 403, "42501");
    refused(await enterAsGuest(guest(), session, { user_id: patient.id }), 401, "42501");
    assert.deepEqual(await names(therapist, session), ["Pat"]);
  });
});

test("the link works by functions too, and in the lobby one waits", async () => {
  const session = await createSession(therapist, { lobby: true });
  const ann = guest();
  const { session_token } = session;
  const shown = ok(await ann.supabase.rpc("instant_session_by_token", { session_token }));
  assert.deepEqual([shown.session_name, shown.lobby], ["Anxiety", true]);
  const joining = { session_token, participant_name: "Ann", guest_secret: ann.secret };
  const { participant } = ok(await ann.supabase.rpc("join_instant_session", joining));
  assert.equal(participant.admitted_at, null);
  const told = ok(await therapist.supabase.from("notifications").select("*").eq("type", "instant_participant_waiting"));
  assert.ok(told.some(({ data }) => data.participant_id === participant.id));

  const admit = (by) => by.supabase.rpc("admit_instant_participant", { participant_id: participant.id });
  refused(await admit(otherTherapist), 404, "participant_not_found");
  refused(await admit(ann), 401, "42501");
  ok(await admit(therapist));
  assert.notEqual(ok(await ann.supabase.rpc("join_instant_session", joining)).participant.admitted_at, null);
  refused(await ann.supabase.rpc("join_instant_session", { ...joining, session_token: "x" }), 404, "session_not_found");
});

test("whoever is removed stays out until readmitted, and may not slip in as a guest", async () => {
  const session = await createSession(therapist);
  ok(await enter(stranger, session));
  ok(await participants(therapist).delete().eq("session_id", session.id).eq("user_id", stranger.id));
  refused(await enter(stranger, session), 403, "42501");
  assert.deepEqual(ok(await holding(session)(sessions(stranger).select("*"))), []);
  assert.equal(ok(await enterAsGuest(guest(), session)).admitted_at, null);
  const readmit = (by) =>
    by.supabase.rpc("readmit_instant_participant", { session_id: session.id, user_id: stranger.id });
  refused(await readmit(stranger), 404, "session_not_found");
  assert.deepEqual(ok(await readmit(therapist)), { status: "readmitted" });
  assert.equal(ok(await enter(stranger, session)).admitted_at, null);
});

describe("by the function", () => {
  const ask = (by, action, fields, headers) =>
    by.supabase.functions.invoke("instant-sessions", { body: { action, ...fields }, headers });
  const open = async (fields) => ok(await ask(therapist, "create", { session_name: "Anxiety", ...fields }));

  /** What an app does with a link that it was opened by. */
  const tokenOf = (link) => new URL(link).hash.slice(1);

  test("a therapist gets a link, the same one for the same key", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const [first, second] = [
      ok(await ask(therapist, "create", { session_name: "Anxiety" }, headers)),
      ok(await ask(therapist, "create", { session_name: "Anxiety" }, headers)),
    ];
    assert.equal(first.share_link, `${variables.INSTANT_SESSION_URL}#${first.session.session_token}`);
    assert.deepEqual(second, first);
    const refusedToPatient = await refusal(await ask(patient, "create", { session_name: "Mine" }));
    assert.deepEqual([refusedToPatient.status, refusedToPatient.code], [403, "not_a_host"]);
  });

  test("a user and a guest come in by it, and each sees the other", async () => {
    const { session, share_link } = await open();
    const session_token = tokenOf(share_link);
    const visitor = { supabase: app() };
    const asGuest = ok(await ask(visitor, "join", { session_token, participant_name: "Ann" }));
    const asUser = ok(await ask(patient, "join", { session_token, participant_name: "Pat" }));
    for (const [joined, role] of [[asGuest, "participant"], [asUser, "participant"],
      [ok(await ask(therapist, "join", { session_token, participant_name: "Host" })), "host"]]) {
      assert.deepEqual([joined.status, joined.participant.role], ["admitted", role]);
      assert.equal(joined.session.id, session.id);
      assert.match(joined.ticket, /^eyJ/);
      assert.ok(joined.ice_servers.some(({ urls }) => urls.some((url) => url.startsWith("stun:"))));
    }
    assert.equal(asUser.guest_secret, undefined);
    // What the tables show is for the same guest.
    const held = holding({ session_token }, { secret: asGuest.guest_secret });
    assert.deepEqual(await names(visitor, session, held), ["Ann", "Host", "Pat"]);

    ok(await ask(visitor, "leave", { session_token, guest_secret: asGuest.guest_secret }));
    const left = ok(await ask(visitor, "status", { session_token, guest_secret: asGuest.guest_secret }));
    assert.deepEqual([left.status, left.ticket], ["left", undefined]);
  });

  test("in the lobby one waits, is let in, and hears of the end", async () => {
    const { session, share_link } = await open({ lobby: true });
    const session_token = tokenOf(share_link);
    const visitor = { supabase: app() };
    const waiting = ok(await ask(visitor, "join", { session_token, participant_name: "Ann" }));
    assert.deepEqual([waiting.status, waiting.ticket, waiting.ice_servers], ["waiting", undefined, undefined]);
    const { guest_secret, participant } = waiting;
    const status = () => ask(visitor, "status", { session_token, guest_secret });
    const byGuest = await refusal(await ask(visitor, "admit", { participant_id: participant.id }));
    assert.deepEqual([byGuest.status, byGuest.code], [401, "unauthenticated"]);
    ok(await ask(therapist, "admit", { participant_id: participant.id }));
    assert.equal(ok(await status()).status, "admitted");

    assert.equal(ok(await ask(therapist, "lock", { session_id: session.id })).session.locked, true);
    const late = await refusal(await ask(stranger, "join", { session_token, participant_name: "Eve" }));
    assert.deepEqual([late.status, late.code], [409, "session_locked"]);
    assert.equal(ok(await ask(therapist, "end", { session_id: session.id })).session.is_active, false);
    const over = await refusal(await status());
    assert.deepEqual([over.status, over.code], [409, "session_ended"]);
    const unknown = await refusal(await ask(stranger, "join", { session_token, participant_name: "Eve" }));
    assert.deepEqual([unknown.status, unknown.code], [404, "session_not_found"]);
  });

  test("whoever is removed stays out", async () => {
    const { session, share_link } = await open();
    const session_token = tokenOf(share_link);
    const join = (by, fields) => ask(by, "join", { session_token, participant_name: "Eve", ...fields });
    const visitor = { supabase: app() };
    const { participant, guest_secret } = ok(await join(visitor));
    const user = ok(await join(stranger));
    for (const participant_id of [participant.id, user.participant.id]) {
      assert.deepEqual(ok(await ask(therapist, "remove", { participant_id })), { status: "removed" });
    }
    const removedGuest = await refusal(await join(visitor, { guest_secret }));
    assert.deepEqual([removedGuest.status, removedGuest.code], [403, "removed"]);
    assert.equal(ok(await join(visitor, { participant_name: "Somebody else" })).status, "waiting");
    const removed = await refusal(await join(stranger));
    assert.deepEqual([removed.status, removed.code], [403, "removed"]);
    ok(await ask(therapist, "readmit", { session_id: session.id, user_id: stranger.id }));
    assert.equal(ok(await join(stranger)).status, "waiting");
  });
});
