// What the tutoring app reads of its meetings, and what an ID and a passcode open: with supabase-js.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { app, ok, person, refusal, refused, service, variables } from "./stack.mjs";

let tutor, student, otherTutor, otherStudent, admin;

before(async () => {
  [tutor, student, otherTutor, otherStudent, admin] = await Promise.all(
    ["tutor", "student", "tutor", "student", "admin"].map(person),
  );
});

const newMeetingId = () => `MID-${randomBytes(8).toString("hex").toUpperCase()}`;

/** A meeting, as the functions write it. */
async function meet(changes) {
  const row = {
    meeting_id: newMeetingId(), passcode: "123456", tutor_id: tutor.id, student_id: student.id,
    scheduled_start: "2030-05-01T10:00:00Z", scheduled_end: "2030-05-01T11:00:00Z", ...changes,
  };
  return ok(await service.from("video_meetings").insert(row).select().single());
}

/** As the functions try a passcode, for whoever called them. */
const byPasscode = (caller, meeting_id, passcode) =>
  service.rpc("read_video_meeting", { meeting_id, caller, address: "192.0.2.1", passcode });
const someone = () => randomUUID();

describe("a meeting", () => {
  let meeting;
  before(async () => {
    meeting = await meet();
    ok(await service.from("video_participants").insert([
      { meeting: meeting.id, user_id: tutor.id, user_type: "tutor" },
      { meeting: meeting.id, user_id: student.id, user_type: "student" },
      { meeting: meeting.id, user_id: otherStudent.id, user_type: "guest" },
    ]));
  });
  const read = (by, table, column) => by.supabase.from(table).select("*").eq(column, meeting.id);

  test("is read by tutor, student and admins, with who is in it", async () => {
    for (const by of [tutor, student, admin]) {
      const [seen] = ok(await read(by, "video_meetings", "id"));
      assert.deepEqual([seen.meeting_id, seen.passcode], [meeting.meeting_id, "123456"]);
      assert.equal(ok(await read(by, "video_participants", "meeting")).length, 3);
      const embedding = by.supabase.from("video_meetings").select("status,video_participants(user_type)");
      assert.equal(ok(await embedding.eq("id", meeting.id).single()).video_participants.length, 3);
    }
  });

  test("is nothing to others, a guest in it included", async () => {
    for (const by of [otherTutor, otherStudent]) {
      assert.deepEqual(ok(await by.supabase.from("video_meetings").select("*")), []);
      assert.deepEqual(ok(await by.supabase.from("video_participants").select("*")), []);
    }
    for (const table of ["video_meetings", "video_participants"]) {
      const { data } = await app().from(table).select("*");
      assert.ok(data === null || data.length === 0, `${table}, not signed in`);
    }
  });

  test("is written by none of them", async () => {
    for (const by of [tutor, student, otherTutor, admin]) {
      const meetings = by.supabase.from("video_meetings");
      const { id, ...row } = { ...meeting, meeting_id: newMeetingId() };
      assert.equal((await meetings.insert(row)).error.code, "42501");
      await meetings.update({ passcode: "000000" }).eq("id", id);
      await meetings.delete().eq("id", id);
      await by.supabase.from("video_participants").delete().eq("meeting", id);
    }
    const kept = ok(
      await service.from("video_meetings").select("*,video_participants(id)").eq("id", meeting.id).single(),
    );
    assert.deepEqual([kept.passcode, kept.video_participants.length], ["123456", 3]);
  });

  test("is told to both sides", async () => {
    for (const by of [tutor, student]) {
      const told = ok(await by.supabase.from("notifications").select("type,data"));
      const created = told.filter(({ type }) => type === "video_meeting_created");
      assert.ok(created.some(({ data }) => data.meeting_id === meeting.meeting_id));
      assert.doesNotMatch(JSON.stringify(told), /passcode|123456/);
    }
  });
});

describe("an ID and a passcode", () => {
  const start = new Date(Date.now() + 60_000).toISOString();
  const meetSoon = () => meet({ scheduled_start: start, scheduled_end: new Date(Date.now() + 3_600_000).toISOString() });

  test("open a meeting", async () => {
    const meeting = await meetSoon();
    const seen = ok(await byPasscode(someone(), meeting.meeting_id, "123456"));
    assert.deepEqual(Object.keys(seen).sort(), ["meetingId", "scheduledEnd", "scheduledStart", "status"]);
    assert.deepEqual([seen.meetingId, seen.status], [meeting.meeting_id, "pending"]);
    assert.equal(Date.parse(seen.scheduledStart), Date.parse(start));
  });

  test("answer the same for a wrong passcode, an unknown ID and none", async () => {
    const meeting = await meetSoon();
    const wrong = await byPasscode(someone(), meeting.meeting_id, "000000");
    refused(wrong, 404, "meeting_not_found");
    for (const [id, passcode] of [[newMeetingId(), "123456"], ["MID-short", "123456"], [meeting.meeting_id, ""]]) {
      assert.deepEqual(await byPasscode(someone(), id, passcode), wrong);
    }
  });

  test("open nothing days before it", async () => {
    const meeting = await meet();
    refused(await byPasscode(someone(), meeting.meeting_id, "123456"), 404, "meeting_not_found");
  });

  test("close after five wrong tries, for that caller", async () => {
    const meeting = await meetSoon();
    const guesser = someone();
    for (let tries = 0; tries < 5; tries += 1) {
      refused(await byPasscode(guesser, meeting.meeting_id, "000000"), 404, "meeting_not_found");
    }
    refused(await byPasscode(guesser, meeting.meeting_id, "123456"), 429, "too_many_attempts");
    assert.equal(ok(await byPasscode(someone(), meeting.meeting_id, "123456")).status, "pending");

    // supabase-js does not hand out the headers.
    const response = await fetch(`${variables.API_URL}/rest/v1/rpc/read_video_meeting`, {
      method: "POST",
      headers: {
        apikey: variables.SECRET_KEY,
        authorization: `Bearer ${variables.SECRET_KEY}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        meeting_id: meeting.meeting_id, caller: guesser, address: "192.0.2.1", passcode: "123456",
      }),
    });
    assert.equal(response.status, 429);
    const seconds = Number(response.headers.get("retry-after"));
    assert.ok(seconds > 800 && seconds <= 900, `Retry-After: ${seconds}`);
  });

  test("are tried through the functions alone", async () => {
    const { meeting_id } = await meetSoon();
    for (const supabase of [app(), otherStudent.supabase, tutor.supabase]) {
      const { data, error } = await supabase.rpc("read_video_meeting", {
        meeting_id, caller: null, address: "192.0.2.1", passcode: "123456",
      });
      assert.equal(data, null);
      assert.equal(error.code, "42501");
    }
  });
});

describe("the function", () => {
  const minutes = (number) => new Date(Date.now() + number * 60_000).toISOString();
  const at = (by, path, options) => by.functions.invoke(`video-meetings/meetings${path}`, options);
  const link = (url) => new URLSearchParams(new URL(url).hash.slice(1));
  let booking, meeting;

  const plan = (by, changes) => at(by.supabase, "", {
    headers: { "idempotency-key": randomUUID() },
    body: {
      bookingId: booking.id, tutorId: tutor.id, studentId: student.id,
      scheduledStart: minutes(0), scheduledEnd: minutes(60), ...changes,
    },
  });
  before(async () => {
    const row = { tutor_id: tutor.id, student_id: student.id };
    booking = ok(await service.from("bookings").insert(row).select().single());
    meeting = ok(await plan(tutor));
  });

  test("makes the meeting of a booking, with a link that carries ID and passcode", async () => {
    const credentials = link(meeting.url);
    assert.deepEqual([credentials.get("meetingId"), credentials.get("passcode")], [meeting.meetingId, meeting.passcode]);
    assert.match(meeting.meetingId, /^MID-[A-Z0-9]{16}$/);
    assert.match(meeting.passcode, /^[0-9]{6}$/);
    const { status, code, error, details } = await refusal(await plan(tutor));
    assert.deepEqual([status, code, details], [409, "meeting_exists", { field: "bookingId" }]);
    assert.ok(error.length > 0);
    assert.equal((await refusal(await plan(student))).code, "not_the_tutor");
  });

  test("lets tutor and student in, and a guest who follows the link", async () => {
    const roles = { tutor, student };
    for (const [userType, { supabase }] of Object.entries(roles)) {
      const joined = ok(await at(supabase, `/${meeting.meetingId}/join`, { body: { userType } }));
      assert.deepEqual(Object.keys(joined).sort(), ["participantId", "sessionId", "ticket", "turn_servers"]);
    }
    const guest = app();
    const credentials = link(meeting.url);
    const path = `/${credentials.get("meetingId")}`;
    const passcode = credentials.get("passcode");
    const seen = ok(await at(guest, path, { method: "GET", headers: { "x-meeting-passcode": passcode } }));
    assert.deepEqual([seen.meetingId, seen.status, seen.passcode], [meeting.meetingId, "active", undefined]);
    assert.equal((await refusal(await at(guest, path, { method: "GET" }))).code, "meeting_not_found");
    const { guestSecret } = ok(await at(guest, `${path}/join`, { body: { userType: "guest", passcode } }));
    ok(await at(guest, `${path}/join`, { body: { userType: "guest", guestSecret } }));

    const { participants, next } = ok(await at(student.supabase, `${path}/participants`, { method: "GET" }));
    assert.equal(next, null);
    assert.deepEqual(participants.map(({ userType }) => userType), ["tutor", "student", "guest"]);
    const [row] = ok(await tutor.supabase.from("video_meetings").select("status").eq("meeting_id", meeting.meetingId));
    assert.equal(row.status, "active");

    assert.deepEqual(ok(await at(guest, `${path}/mute`, { body: { isMuted: true, guestSecret } })).isMuted, true);
    assert.deepEqual(ok(await at(guest, `${path}/leave`, { body: { guestSecret } })), { left: true });
  });

  test("lets the tutor mute the student, and not the student the tutor", async () => {
    const mute = (by, userId) => at(by.supabase, `/${meeting.meetingId}/mute`, { body: { isMuted: true, userId } });
    const { isMuted, userId } = ok(await mute(tutor, student.id));
    assert.deepEqual([isMuted, userId], [true, student.id]);
    const { status, code } = await refusal(await mute(student, tutor.id));
    assert.deepEqual([status, code], [403, "not_the_tutor"]);
  });

  test("puts a guest out for good when the tutor says so, and changes the passcode", async () => {
    const path = `/${meeting.meetingId}`;
    const body = { userType: "guest", passcode: meeting.passcode };
    const { participantId } = ok(await at(otherStudent.supabase, `${path}/join`, { body }));
    const remove = (by) => at(by.supabase, `${path}/remove`, { body: { participantId } });
    assert.equal((await refusal(await remove(student))).code, "meeting_not_found");
    const changed = ok(await remove(tutor));
    assert.equal(link(changed.url).get("passcode"), changed.passcode);
    assert.equal((await refusal(await at(otherStudent.supabase, `${path}/join`, { body }))).code, "removed");
    assert.equal((await refusal(await at(app(), `${path}/join`, { body }))).code, "meeting_not_found");
    assert.equal(ok(await at(student.supabase, path, { method: "GET" })).passcode, changed.passcode);
    const told = ok(await student.supabase.from("notifications").select("*"));
    assert.ok(!JSON.stringify(told).includes(`"${changed.passcode}"`));
  });

  test("takes nobody for somebody else", async () => {
    const body = { userType: "student", userId: student.id, passcode: meeting.passcode };
    const { status, code } = await refusal(await at(otherStudent.supabase, `/${meeting.meetingId}/join`, { body }));
    assert.deepEqual([status, code], [403, "not_the_caller"]);
  });

  test("leaves and ends without a body", async () => {
    const path = `/${meeting.meetingId}`;
    assert.deepEqual(ok(await at(student.supabase, `${path}/leave`)), { left: true });
    assert.equal((await refusal(await at(student.supabase, `${path}/end`))).code, "meeting_not_found");
    assert.equal(ok(await at(tutor.supabase, `${path}/end`)).status, "completed");
    const { status, code } = await refusal(await at(student.supabase, `${path}/join`, { body: { userType: "student" } }));
    assert.deepEqual([status, code], [409, "meeting_over"]);
  });

  test("knows no other path", async () => {
    const { data, error } = await tutor.supabase.functions.invoke("video-meetings/rooms", { body: {} });
    assert.equal((await refusal({ data, error })).code, "not_found");
  });
});
