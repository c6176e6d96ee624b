// What the revision app does with group sessions, as it does it: with supabase-js, against one address.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { app, ok, person, refusal, refused, service } from "./stack.mjs";

const ROOM = /^https:\/\/meet\.jit\.si\/convene-[0-9a-f]{64}$/;
const HOUR = 3600 * 1000;

let tutor, premium, students;

before(async () => {
  [tutor, premium, ...students] = await Promise.all([person("tutor"), person(), person(), person(), person()]);
  ok(await service.from("profiles").update({ is_premium: true }).eq("id", premium.id));
});

const planned = (by, changes) => ({
  creator_id: by.id,
  title: "Integrals",
  subject: "Mathematics",
  tutor_name: "Ms Tutor",
  scheduled_time: new Date(Date.now() + 24 * HOUR).toISOString(),
  ...changes,
});
const create = (by, changes) => by.supabase.from("virtual_sessions").insert(planned(by, changes)).select().single();
const upcoming = (supabase) =>
  supabase.from("virtual_sessions").select("*").in("status", ["upcoming", "live"]).order("scheduled_time");
/** Past every rule: it was planned for so many milliseconds from now. */
const moved = ({ id }, after) =>
  service.from("virtual_sessions").update({ scheduled_time: new Date(Date.now() + after).toISOString() }).eq("id", id);
const rpc = (by, name, { id }, more) => by.supabase.rpc(name, { session_id: id, ...more });
const register = (by, session) => rpc(by, "register_for_virtual_session", session);
const unregister = (by, session) => rpc(by, "unregister_from_virtual_session", session);
const withRoom = async (by, { id }) => ok(await by.supabase.from("virtual_sessions")
  .select("*, virtual_session_rooms(meeting_url)").eq("id", id).maybeSingle());

describe("upcoming group sessions", () => {
  test("are listed by anyone, in the order of their time, without the room", async () => {
    const later = ok(await create(tutor, { scheduled_time: new Date(Date.now() + 48 * HOUR).toISOString() }));
    const sooner = ok(await create(premium));
    const cancelled = ok(await create(tutor));
    ok(await tutor.supabase.from("virtual_sessions").update({ status: "cancelled" }).eq("id", cancelled.id));
    const over = ok(await create(tutor));
    ok(await moved(over, -2 * HOUR));
    const room = (await withRoom(premium, sooner)).virtual_session_rooms.meeting_url;
    for (const supabase of [app(), students[0].supabase]) {
      const sessions = ok(await upcoming(supabase));
      const times = sessions.map(({ scheduled_time }) => scheduled_time);
      assert.deepEqual(times, [...times].sort());
      const ids = sessions.map(({ id }) => id);
      assert.ok(ids.indexOf(sooner.id) >= 0 && ids.indexOf(sooner.id) < ids.indexOf(later.id));
      assert.ok(!ids.includes(cancelled.id) && !ids.includes(over.id));
      assert.doesNotMatch(JSON.stringify(sessions), /jit\.si|convene-|meeting_/);
      assert.ok(!JSON.stringify(sessions).includes(room.split("/").pop()));
    }
  });

  test("open no room to anyone who asks for it", async () => {
    const session = ok(await create(tutor));
    ok(await register(students[0], session));
    assert.equal((await withRoom(students[0], session)).virtual_session_rooms, null, "not the day before");
    ok(await moved(session, HOUR / 12));
    assert.match((await withRoom(students[0], session)).virtual_session_rooms.meeting_url, ROOM);
    for (const by of [students[1], premium]) {
      assert.equal((await withRoom(by, session)).virtual_session_rooms, null);
      const rooms = by.supabase.from("virtual_session_rooms").select("*").eq("session_id", session.id);
      assert.deepEqual(ok(await rooms), []);
    }
    const { data } = await app().from("virtual_session_rooms").select("*");
    assert.deepEqual(data ?? [], []);
  });
});

describe("creating", () => {
  test("is for tutors and premium users", async () => {
    for (const by of [tutor, premium]) {
      const session = ok(await create(by));
      const { creator_id, status, duration_minutes, max_attendees, registered_users } = session;
      assert.deepEqual({ creator_id, status, duration_minutes, max_attendees, registered_users },
        { creator_id: by.id, status: "upcoming", duration_minutes: 60, max_attendees: 50, registered_users: [] });
      assert.match((await withRoom(by, session)).virtual_session_rooms.meeting_url, ROOM);
    }
  });

  test("is refused to students, to anon, and in another's name", async () => {
    refused(await create(students[0]), 403, "42501");
    refused(await students[0].supabase.from("virtual_sessions").insert(planned(tutor)).select(), 403, "42501");
    refused(await premium.supabase.from("virtual_sessions").insert(planned(tutor)).select(), 403, "42501");
    refused(await app().from("virtual_sessions").insert(planned(tutor)).select(), 401, "42501");
  });

  test("names the field that is wrong", async () => {
    const answer = await create(tutor, { max_attendees: 0 });
    refused(answer, 422, "invalid_field");
    assert.equal(answer.error.details, "max_attendees");
  });
});

describe("seats", () => {
  test("are taken in order, and the waitlist moves up when someone leaves", async () => {
    const [first, second, third] = students;
    const session = ok(await create(tutor, { max_attendees: 1 }));
    assert.deepEqual(ok(await register(first, session)), { status: "registered" });
    assert.deepEqual(ok(await register(first, session)), { status: "registered" });
    assert.deepEqual(ok(await register(second, session)), { status: "waiting", position: 1 });
    assert.deepEqual(ok(await register(third, session)), { status: "waiting", position: 2 });
    assert.deepEqual((await withRoom(first, session)).registered_users, [first.id]);
    assert.equal((await withRoom(second, session)).virtual_session_rooms, null, "who waits has no room");

    assert.deepEqual(ok(await unregister(first, session)), { status: "unregistered" });
    assert.deepEqual(ok(await unregister(first, session)), { status: "unregistered" });
    ok(await moved(session, HOUR / 12));
    const seen = await withRoom(second, session);
    assert.deepEqual(seen.registered_users, [second.id]);
    assert.match(seen.virtual_session_rooms.meeting_url, ROOM);
    assert.equal((await withRoom(first, session)).virtual_session_rooms, null, "who left has no room");
    assert.deepEqual(ok(await register(third, session)), { status: "waiting", position: 1 });
    const news = ok(await second.supabase.from("notifications").select("type").eq("data->>session_id", session.id));
    assert.deepEqual(news.map(({ type }) => type).sort(), ["virtual_session_promoted", "virtual_session_rescheduled"]);
    refused(await unregister(second, session), 409, "session_open");
  });

  test("are refused with a code and a status", async () => {
    const session = ok(await create(tutor));
    refused(await register(students[0], { id: randomUUID() }), 404, "session_not_found");
    refused(await register(tutor, session), 409, "own_session");
    refused(await rpc(students[1], "remove_from_virtual_session", session, { user_id: students[0].id }),
      404, "session_not_found");
    refused(await app().rpc("register_for_virtual_session", { session_id: session.id }), 401, "42501");
    ok(await register(students[0], session));
    ok(await tutor.supabase.from("virtual_sessions").update({ status: "cancelled" }).eq("id", session.id));
    refused(await register(students[0], session), 409, "session_closed");
    refused(await register(students[1], session), 404, "session_not_found");
  });

  test("are lost by removal, until the creator readmits", async () => {
    const [student] = students;
    const session = ok(await create(tutor));
    ok(await register(student, session));
    ok(await rpc(tutor, "remove_from_virtual_session", session, { user_id: student.id }));
    assert.equal((await withRoom(student, session)).virtual_session_rooms, null);
    refused(await register(student, session), 403, "removed");
    ok(await rpc(tutor, "readmit_to_virtual_session", session, { user_id: student.id }));
    assert.deepEqual(ok(await register(student, session)), { status: "registered" });
  });

  test("are listed by the database alone", async () => {
    const [student] = students;
    const session = ok(await create(tutor));
    const registered_users = [student.id];
    for (const by of [tutor, student]) {
      await by.supabase.from("virtual_sessions").update({ registered_users }).eq("id", session.id);
    }
    const { error } = await tutor.supabase.from("virtual_sessions").update({ registered_users }).eq("id", session.id);
    assert.ok(["42501", "column_frozen"].includes(error.code), error.code);
    for (const status of ["registered", "waiting"]) {
      const seat = { session_id: session.id, user_id: student.id, status, place: 1 };
      const inserted = await student.supabase.from("virtual_session_registrations").insert(seat);
      assert.equal(inserted.error.code, "42501");
    }
    assert.deepEqual((await withRoom(tutor, session)).registered_users, []);
    assert.equal((await withRoom(student, session)).virtual_session_rooms, null);
  });
});

test("a creator sees who registered; who registered sees their own", async () => {
  const session = ok(await create(tutor));
  for (const student of students) ok(await register(student, session));
  const list = async (by) => ok(await by.supabase.from("virtual_session_registrations").select("user_id, status")
    .eq("session_id", session.id).order("place"));
  assert.deepEqual(await list(tutor), students.map(({ id }) => ({ user_id: id, status: "registered" })));
  assert.deepEqual(await list(students[1]), [{ user_id: students[1].id, status: "registered" }]);
  assert.deepEqual(await list(premium), []);
});

test("those who registered hear that a session moves, starts and is called off", async () => {
  const [student] = students;
  const news = async ({ id }) => ok(await student.supabase.from("notifications").select("type")
    .eq("data->>session_id", id).order("created_at")).map(({ type }) => type);
  const change = async (by, { id }, changes) =>
    ok(await by.supabase.from("virtual_sessions").update(changes).eq("id", id));
  const started = ok(await create(tutor));
  ok(await register(student, started));
  await change(tutor, started, { scheduled_time: new Date(Date.now() + HOUR).toISOString() });
  await change(tutor, started, { status: "live" });
  assert.deepEqual(await news(started), ["virtual_session_rescheduled", "virtual_session_started"]);
  refused(await tutor.supabase.from("virtual_sessions").update({ status: "cancelled" }).eq("id", started.id),
    409, "invalid_transition");
  const cancelled = ok(await create(tutor));
  ok(await register(student, cancelled));
  await change(premium, cancelled, { status: "cancelled" });
  assert.deepEqual(await news(cancelled), [], "another's update reaches nothing");
  await change(tutor, cancelled, { status: "cancelled" });
  assert.deepEqual(await news(cancelled), ["virtual_session_cancelled"]);
});

describe("virtual-sessions", () => {
  const invoke = (by, body, headers) => by.supabase.functions.invoke("virtual-sessions", { body, headers });
  const plan = (minutes, changes) => ({
    action: "create",
    title: "Integrals",
    subject: "Mathematics",
    tutor_name: "Ms Tutor",
    scheduled_time: new Date(Date.now() + minutes * 60 * 1000).toISOString(),
    ...changes,
  });
  const act = (by, action, { id }, more) => invoke(by, { action, session_id: id, ...more });
  const news = async (by, { id }) => ok(await by.supabase.from("notifications").select("type")
    .eq("data->>session_id", id).order("created_at")).map(({ type }) => type);
  const assertRefused = async (answer, expectedStatus, expectedCode) => {
    const { status, code, request_id } = await refusal(answer);
    assert.deepEqual([status, code], [expectedStatus, expectedCode]);
    assert.ok(request_id);
  };

  test("takes a class from its plan to its end", async () => {
    const [first, second, third] = students;
    const body = plan(60, { max_attendees: 1 });
    const headers = { "idempotency-key": randomUUID() };
    const { session } = ok(await invoke(tutor, body, headers));
    assert.deepEqual(ok(await invoke(tutor, body, headers)).session.id, session.id, "pressed twice");
    assert.ok(ok(await upcoming(app())).some(({ id }) => id === session.id), "everyone sees it");

    assert.deepEqual(ok(await act(first, "register", session)), { status: "registered" });
    assert.deepEqual(ok(await act(second, "register", session)), { status: "waiting", position: 1 });
    await assertRefused(await act(first, "join", session), 409, "too_early");

    assert.equal(ok(await act(tutor, "start", session)).session.status, "live");
    const { role, meeting_url, meeting_room_id, token } = ok(await act(first, "join", session));
    assert.match(meeting_url, ROOM);
    assert.deepEqual([role, meeting_url, token], ["participant", `https://meet.jit.si/${meeting_room_id}`, undefined]);
    assert.equal(ok(await act(tutor, "join", session)).role, "host");
    await assertRefused(await act(second, "join", session), 403, "not_registered");
    await assertRefused(await act(third, "join", session), 403, "not_registered");

    assert.deepEqual(ok(await act(tutor, "remove", session, { user_id: first.id })), { status: "removed" });
    await assertRefused(await act(first, "join", session), 403, "removed");
    const moved = ok(await act(second, "join", session)).meeting_url;
    assert.match(moved, ROOM, "who waited has the seat");
    assert.notEqual(moved, meeting_url, "in a room that who was removed does not know");
    assert.deepEqual(ok(await act(tutor, "readmit", session, { user_id: first.id })), { status: "readmitted" });
    await assertRefused(await act(second, "unregister", session), 409, "session_open");
    ok(await act(tutor, "remove", session, { user_id: second.id }));
    assert.deepEqual(ok(await act(first, "register", session)), { status: "registered" });

    assert.equal(ok(await act(tutor, "complete", session)).session.status, "completed");
    await assertRefused(await act(first, "join", session), 409, "session_closed");
    assert.deepEqual(await news(first, session), ["virtual_session_started"]);
    assert.deepEqual((await news(second, session)).sort(), ["virtual_session_promoted", "virtual_session_room_moved"]);
    assert.deepEqual(await news(tutor, session), ["virtual_session_room_moved", "virtual_session_room_moved"]);
  });

  test("tells everyone registered that a session is off", async () => {
    const [first, second, third] = students;
    const { session } = ok(await invoke(premium, plan(5, { max_attendees: 1 })));
    for (const student of [first, second]) ok(await act(student, "register", session));
    for (const by of [first, tutor]) await assertRefused(await act(by, "cancel", session), 404, "session_not_found");
    assert.equal(ok(await act(premium, "cancel", session)).session.status, "cancelled");
    await assertRefused(await act(first, "join", session), 409, "session_closed");
    for (const student of [first, second]) assert.deepEqual(await news(student, session), ["virtual_session_cancelled"]);
    assert.deepEqual(await news(third, session), []);
  });

  test("is for those who may, and names what is wrong", async () => {
    await assertRefused(await invoke(students[0], plan(60)), 403, "not_a_host");
    await assertRefused(await invoke({ supabase: app() }, plan(60)), 401, "unauthenticated");
    const { status, code, details } = await refusal(await invoke(tutor, plan(60, { max_attendees: 0 })));
    assert.deepEqual([status, code, details], [422, "invalid_field", { field: "max_attendees" }]);
  });
});
