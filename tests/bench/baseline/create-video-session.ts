// create-video-session, as a function over tables with supabase-js.
//
// It does less than Convene's, which is to its advantage: an Idempotency-Key is ignored, so a repeated request makes a second
// session; a Zoom meeting whose answer is lost is neither found nor undone, nor is one when this stops half way; several
// refreshes at once lose the connection; an access token that Zoom refuses early is not renewed; and the rows of one session are
// written one after the other, not together.
import { HttpError } from "./_shared/errors.ts";
import { readSessionRequest, type SessionRequest } from "./_shared/session_request.ts";
import { type Context, type Env, serve } from "./_shared/serve.ts";
import { asService, authenticate, type Caller, found } from "./_shared/supabase.ts";
import { createMeeting, deleteMeeting } from "./_shared/zoom.ts";
import { accessToken } from "./_shared/zoom_grant.ts";

type Row = Record<string, unknown> & { id: string; join_url: string };

interface Conversation {
  id: string;
  client_id: string;
}

const HOST_ROLES: readonly (string | undefined)[] = ["trainer", "nutritionist"];
const START_URL_LIVES_MS = 2 * 3_600_000;
const READABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const PASSCODE_LENGTH = 10;

export function handle(request: Request, env: Env): Promise<Response> {
  return serve("create-video-session", "POST", request, env, create);
}

async function create(context: Context): Promise<Response> {
  const caller = await authenticate(context);
  const request = await readSessionRequest(context);

  const profile = found(
    await caller.supabase.from("profiles").select("role").eq("id", caller.id).maybeSingle<{ role: string }>(),
  );
  if (!HOST_ROLES.includes(profile?.role)) throw new HttpError(403, "not_a_host", "Your role does not host sessions");
  const { clients, conversations } = await findClients(caller, request);

  const session = {
    host_id: caller.id,
    client_id: clients.length === 1 ? clients[0]! : null,
    conversation_id: request.conversation_id,
    provider: request.provider,
    title: request.title,
    description: request.description,
    scheduled_start: request.scheduled_start,
    duration_minutes: request.duration_minutes,
    timezone: request.timezone,
    max_participants: request.max_participants,
  };
  const link = request.join_url ?? (request.provider === "jitsi" ? newJitsiRoom(context.env) : null);
  const row =
    link === null
      ? await insertZoomSession(context, caller, session)
      : found(await caller.supabase.from("video_sessions").insert({ ...session, join_url: link }).select().single<Row>())!;

  // The host and the one client are added by a trigger.
  if (clients.length > 1) {
    const participants = clients.map((client) => ({ session_id: row.id, user_id: client }));
    found(await caller.supabase.from("video_session_participants").insert(participants));
  }
  if (request.send_invite && clients.length > 0) await invite(context, caller, request, row, clients, conversations);
  return Response.json({ session: row }, { status: 201 });
}

/** Everyone whom the request names, if each is the caller's client by an accepted lead or a conversation. */
async function findClients(caller: Caller, request: SessionRequest) {
  let clients = request.client_ids;
  let conversations: Conversation[] = [];
  if (request.conversation_id !== null) {
    const conversation = found(
      await caller.supabase
        .from("conversations")
        .select("id, client_id")
        .eq("id", request.conversation_id)
        .eq("provider_id", caller.id)
        .maybeSingle<Conversation>(),
    );
    if (conversation === null) {
      throw new HttpError(404, "conversation_not_found", "You have no such conversation", { field: "conversation_id" });
    }
    clients = [...new Set([...clients, conversation.client_id])];
    conversations.push(conversation);
  }
  if (clients.length === 0) return { clients, conversations };
  const others = found(
    await caller.supabase
      .from("conversations")
      .select("id, client_id")
      .eq("provider_id", caller.id)
      .in("client_id", clients)
      .returns<Conversation[]>(),
  )!;
  conversations = [...conversations, ...others];
  const strangers = clients.filter((client) => !conversations.some(({ client_id }) => client_id === client));
  if (strangers.length > 0) {
    const leads = found(
      await caller.supabase
        .from("leads")
        .select("client_id")
        .eq("provider_id", caller.id)
        .eq("status", "accepted")
        .in("client_id", strangers)
        .returns<{ client_id: string }[]>(),
    )!;
    if (!strangers.every((client) => leads.some(({ client_id }) => client_id === client))) {
      const message = "Each client needs an accepted lead or a conversation with you";
      throw new HttpError(403, "client_not_yours", message, { field: "client_ids" });
    }
  }
  return { clients, conversations };
}

/** Makes the meeting at Zoom, then its session. */
async function insertZoomSession(
  context: Context,
  caller: Caller,
  session: { title: string; description: string | null; scheduled_start: string; duration_minutes: number; timezone: string },
): Promise<Row> {
  // No client writes what identifies a meeting.
  const supabase = asService(context);
  const token = await accessToken(context, supabase, caller.id);
  const passcode = newPasscode();
  const meeting = await createMeeting(context, token, {
    topic: session.title,
    agenda: session.description ?? undefined,
    start_time: session.scheduled_start,
    duration: session.duration_minutes,
    timezone: session.timezone,
    password: passcode,
  });
  try {
    const details = { join_url: meeting.join_url, passcode, provider_meeting_id: String(meeting.id) };
    const row = found(await supabase.from("video_sessions").insert({ ...session, ...details }).select().single<Row>())!;
    found(
      await supabase.from("video_session_host_meta").insert({
        session_id: row.id,
        host_id: caller.id,
        host_start_url: meeting.start_url,
        expires_at: new Date(Date.now() + START_URL_LIVES_MS).toISOString(),
      }),
    );
    return row;
  } catch (error) {
    await deleteMeeting(context, token, meeting.id);
    throw error;
  }
}

/** Posts the link into the conversation with each client. */
async function invite(
  context: Context,
  caller: Caller,
  request: SessionRequest,
  row: Row,
  clients: string[],
  conversations: Conversation[],
) {
  const time = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short", timeZone: request.timezone });
  const content = [request.title, `${time.format(new Date(request.scheduled_start))} (${request.timezone})`, row.join_url].join("\n");
  const messages = clients.flatMap((client) => {
    const conversation = conversations.find(({ client_id }) => client_id === client);
    return conversation ? [{ conversation_id: conversation.id, sender_id: caller.id, content }] : [];
  });
  if (messages.length > 0) found(await caller.supabase.from("messages").insert(messages));
  found(
    await asService(context)
      .from("video_session_participants")
      .update({ invited_at: new Date().toISOString() })
      .eq("session_id", row.id)
      .in("user_id", clients),
  );
}

function newJitsiRoom(env: Env): string {
  const secret = crypto.randomUUID().replaceAll("-", "");
  return `https://${env.JITSI_DOMAIN ?? "meet.jit.si"}/convene-${secret}`;
}

function newPasscode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSCODE_LENGTH));
  return Array.from(bytes, (byte) => READABLE[byte % READABLE.length]).join("");
}
