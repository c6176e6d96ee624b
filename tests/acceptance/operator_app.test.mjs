// What the operator and client app does with its meetings, as it does it: with supabase-js, against one address.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { app, ok, person, refused, service } from "./stack.mjs";

let operator, otherOperator, client, secondClient, otherClient, stranger;
const DAY = 24 * 3600 * 1000;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();

/** Someone with a row in `operators`. */
async function anOperator() {
  const created = await person("operator");
  ok(await service.from("operators").insert({ id: created.id }));
  return created;
}

/** Someone with a record in `clients`, as the project's owner makes it. */
async function clientOfOperator(operator_id) {
  const created = await person("client");
  const { id } = ok(
    await service.from("clients").insert({ auth_user_id: created.id, operator_id }).select("id").single(),
  );
  return { ...created, record: id };
}

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
