// get-openvidu-token, as a function over tables with supabase-js.
//
// It does less than Convene's, which is to its advantage: it does not limit how often somebody joins, does not note the join (by
// which an empty room is ended later), knows nothing of a client whom the operator removed, and decides on a row that it does not
// lock, so that a join can meet an end.
import { readBody, uuid } from "./_shared/body.ts";
import { HttpError } from "./_shared/errors.ts";
import { admit } from "./_shared/rooms.ts";
import { type Context, type Env, serve } from "./_shared/serve.ts";
import { asService, authenticate, found } from "./_shared/supabase.ts";

interface Meeting {
  id: string;
  operator_id: string;
  session_id: string | null;
  status: "scheduled" | "in_progress" | "completed" | "cancelled";
  scheduled_at: string;
  client: { operator_id: string | null } | null;
}

const OPENS_BEFORE_MS = 15 * 60_000;

export function handle(request: Request, env: Env): Promise<Response> {
  return serve("get-openvidu-token", "POST", request, env, getToken);
}

async function getToken(context: Context): Promise<Response> {
  const caller = await authenticate(context);
  const body = await readBody(context.request, ["meetingId"]);
  const meetingId = uuid(body.meetingId, "meetingId");

  // Row-level security shows a meeting to its operator and to its client.
  const meeting = found(
    await caller.supabase
      .from("meetings")
      .select("id, operator_id, session_id, status, scheduled_at, client:clients(operator_id)")
      .eq("id", meetingId)
      .maybeSingle<Meeting>(),
  );
  if (meeting === null) {
    throw new HttpError(404, "meeting_not_found", "You have no such meeting", { field: "meetingId" });
  }
  const role = meeting.operator_id === caller.id ? "operator" : "client";
  const starts = await mayEnter(context, meeting, role);
  const sessionId = await openRoom(context, meeting, starts);

  const profile = found(
    await caller.supabase.from("profiles").select("full_name").eq("id", caller.id).maybeSingle<{ full_name: string | null }>(),
  );
  const admission = await admit(context, sessionId, { id: caller.id, role, name: profile?.full_name ?? null });
  return Response.json({ sessionId, ...admission });
}

/** Refuses whoever may not enter now; tells whether the meeting begins with this join. */
async function mayEnter(
  context: Context,
  meeting: Meeting,
  role: "operator" | "client",
): Promise<boolean> {
  if (meeting.status !== "scheduled" && meeting.status !== "in_progress") {
    throw new HttpError(409, "meeting_closed", "This meeting is over or cancelled");
  }
  if (meeting.client?.operator_id !== meeting.operator_id) {
    throw new HttpError(409, "operator_changed", "The client has another operator now, with whom to plan a meeting");
  }
  if (meeting.status === "in_progress") return false;
  const opensIn = Date.parse(meeting.scheduled_at) - OPENS_BEFORE_MS - Date.now();
  if (role === "operator") return opensIn <= 0;
  if (opensIn <= 0 && (await isThere(context, meeting))) return true;
  if (context.env.CLIENTS_WAIT_FOR_OPERATOR !== "false") {
    throw new HttpError(409, "waiting_for_operator", "The meeting begins when its operator joins", { retryAfter: 5 });
  }
  if (opensIn > 0) {
    const retryAfter = Math.min(Math.ceil(opensIn / 1000), 86_400);
    throw new HttpError(409, "too_early", "The meeting can be joined shortly before it begins", { retryAfter });
  }
  return false;
}

/** Whether the operator came early and stayed. */
async function isThere(context: Context, meeting: Meeting): Promise<boolean> {
  const present = found(
    await asService(context)
      .from("meeting_attendance")
      .select("connection_id")
      .eq("meeting_id", meeting.id)
      .eq("user_id", meeting.operator_id)
      .not("joined_at", "is", null)
      .is("left_at", null)
      .limit(1),
  );
  return present!.length > 0;
}

/** Writes what the join changes, if anything, and gives the room's name. */
async function openRoom(context: Context, meeting: Meeting, starts: boolean): Promise<string> {
  if (meeting.session_id !== null && !starts) return meeting.session_id;
  const supabase = asService(context);
  const status = starts ? { status: "in_progress" } : {};
  if (meeting.session_id !== null) {
    found(await supabase.from("meetings").update(status).eq("id", meeting.id).eq("status", "scheduled"));
    return meeting.session_id;
  }
  const opened = found(
    await supabase
      .from("meetings")
      .update({ ...status, session_id: crypto.randomUUID() })
      .eq("id", meeting.id)
      .is("session_id", null)
      .select("session_id")
      .maybeSingle<{ session_id: string }>(),
  );
  if (opened !== null) return opened.session_id;
  // Somebody else opened it meanwhile.
  const other = found(
    await supabase.from("meetings").select("session_id").eq("id", meeting.id).single<{ session_id: string }>(),
  );
  return other!.session_id;
}
