// The way into a room: a token of LiveKit, which is made here, or a connection of OpenVidu 2, which is asked for.
import { SignJWT } from "jose";
import { required } from "./config.ts";
import { internal, providerFailed } from "./errors.ts";
import { ask, read } from "./provider.ts";
import type { Context } from "./serve.ts";

/** Somebody who may enter a room. */
export interface Person {
  id: string;
  role: "operator" | "client";
  name: string | null;
}

/** What an app connects with, and where, unless the token says it. */
export interface Admission {
  token: string;
  url?: string;
}

const TOKEN_LIVES_SECONDS = 120;
const EMPTY_ROOM_STAYS_SECONDS = 600;

export async function admit(context: Context, room: string, person: Person): Promise<Admission> {
  const { OPENVIDU_URL, LIVEKIT_URL } = context.env;
  if (LIVEKIT_URL) return await livekitToken(context, LIVEKIT_URL, room, person);
  if (OPENVIDU_URL) return await openviduConnection(context, OPENVIDU_URL, room, person);
  throw internal("neither LIVEKIT_URL nor OPENVIDU_URL is set");
}

async function livekitToken({ env }: Context, url: string, room: string, person: Person): Promise<Admission> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    name: person.name ?? undefined,
    metadata: JSON.stringify({ role: person.role }),
    video: {
      room,
      roomJoin: true,
      roomAdmin: person.role === "operator" || undefined,
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
    },
    roomConfig: { emptyTimeout: EMPTY_ROOM_STAYS_SECONDS, departureTimeout: EMPTY_ROOM_STAYS_SECONDS },
  };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(required(env, "LIVEKIT_API_KEY"))
    .setSubject(person.id)
    .setNotBefore(now)
    .setExpirationTime(now + TOKEN_LIVES_SECONDS)
    .sign(new TextEncoder().encode(required(env, "LIVEKIT_API_SECRET")));
  return { token, url: url.replace(/^http/, "ws").replace(/\/+$/, "") };
}

async function openviduConnection(context: Context, url: string, room: string, person: Person): Promise<Admission> {
  const api = `${url.replace(/\/+$/, "")}/openvidu/api`;
  const headers = {
    authorization: `Basic ${btoa(`OPENVIDUAPP:${required(context.env, "OPENVIDU_SECRET")}`)}`,
    "content-type": "application/json",
  };
  const post = (path: string, body: unknown) =>
    ask(context, `${api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const connect = () =>
    post(`/sessions/${encodeURIComponent(room)}/connection`, {
      type: "WEBRTC",
      role: person.role === "operator" ? "MODERATOR" : "PUBLISHER",
      data: JSON.stringify({ userId: person.id, role: person.role, name: person.name ?? undefined }),
    });

  let answer = await connect();
  if (answer.status === 404) {
    await answer.body?.cancel();
    const opened = await post("/sessions", { customSessionId: room, mediaMode: "ROUTED", recordingMode: "MANUAL" });
    await opened.body?.cancel();
    // Somebody else may have opened it meanwhile.
    if (!opened.ok && opened.status !== 409) throw providerFailed(`status ${opened.status}`);
    answer = await connect();
  }
  const { token } = await read<{ token?: unknown }>(answer);
  if (typeof token !== "string") throw providerFailed("a connection without a token");
  return { token };
}
