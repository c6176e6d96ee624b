// What the tests of operators' meetings share: who takes part, what they press, and what happens in the room, which is at the
// simulator of the OpenVidu that the stack has, 2 or 3.
import assert from "node:assert/strict";
import { ok, person, service, simulator, variables } from "./stack.mjs";

/** Someone with a row in `operators`. */
export async function anOperator() {
  const created = await person("operator");
  ok(await service.from("operators").insert({ id: created.id }));
  return created;
}

/** Someone with a record in `clients`, as the project's owner makes it. */
export async function clientOfOperator(operator_id) {
  const created = await person("client");
  const { id } = ok(
    await service.from("clients").insert({ auth_user_id: created.id, operator_id }).select("id").single(),
  );
  return { ...created, record: id };
}

export const createMeeting = (by, body, headers) => by.supabase.functions.invoke("create-meeting", { body, headers });
export const press = (by, what, { id }) => by.supabase.functions.invoke(what, { body: { meetingId: id } });
export const join = (by, meeting) => press(by, "get-openvidu-token", meeting);
export const seen = async (by, { id }) => ok(await by.supabase.from("meetings").select("*").eq("id", id).maybeSingle());

/** A meeting that is to begin now. */
export async function meetingNow(operator, client) {
  const body = { clientId: client.record, title: "Annual review", scheduledAt: new Date().toISOString() };
  return ok(await createMeeting(operator, body)).meeting;
}

/** Presses Join, and connects as the app does. */
export async function enter(by, meeting) {
  const joined = ok(await join(by, meeting));
  return { ...joined, ...(await inRoom("join", { token: joined.token })) };
}

/**
 * What happens in a room, as a browser or the server makes it: `join` with a token, `leave` with the connection that the
 * join answered, `finish` or `record` with a room. The webhooks that follow have arrived then.
 */
export async function inRoom(what, body) {
  const answer = await simulator(`rooms/${what}`, body);
  for (const event of answer.events) assert.equal(event.status, 200, JSON.stringify(event));
  return answer;
}

/** A room as OpenVidu has it, with its participants; null when there is none. */
export async function roomAtOpenVidu(room) {
  const response = await fetch(`${variables.SIMULATORS_URL}/simulator/rooms?room=${room}`);
  return response.json();
}
