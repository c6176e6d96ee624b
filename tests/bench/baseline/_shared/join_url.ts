// Links that hosts paste.
import { invalid } from "./errors.ts";

export type Provider = "zoom" | "meet" | "jitsi" | "teams" | "manual" | "openvidu";

const FIELD = "join_url";
const LONGEST = 2048;
const ZOOM_DOMAINS = ["zoom.us", "zoomgov.com", "zoom.com.cn", "zoom.de"];
const TEAMS_HOSTS = ["teams.microsoft.com", "teams.live.com", "gov.teams.microsoft.us", "dod.teams.microsoft.us"];
const PATHS: Partial<Record<Provider, RegExp>> = {
  zoom: /^\/(j\/\d{9,11}|wc\/\d{9,11}\/join|wc\/join\/\d{9,11}|my\/[A-Za-z0-9._-]+)\/?$/,
  meet: /^\/[a-z]{3}-[a-z]{4}-[a-z]{3}\/?$/,
  teams: /^\/(l\/meetup-join\/[^/]+(\/.*)?|meet\/[^/]+\/?)$/,
  jitsi: /^\/[^/]+(\/[^/]+)?\/?$/,
};

/** A link for participants, and whose it is. */
export function parseJoinUrl(link: string, jitsiDomain: string): { url: string; provider: Provider } {
  const text = link.trim();
  if (text.length > LONGEST) throw invalid(FIELD, `must have at most ${LONGEST} characters`);
  if (/[\s\\\p{Cc}]/u.test(text)) throw invalid(FIELD, "must not contain spaces, control characters or backslashes");
  const url = URL.parse(text);
  if (url?.protocol !== "https:") throw invalid(FIELD, "must be an https link");
  if (url.username !== "" || url.password !== "") throw invalid(FIELD, "must not contain a user name or password");
  if (!/^[^:[\]]+\.[^.]*[a-z][^.]*$/.test(url.hostname)) throw invalid(FIELD, "must name a public host");
  if (/(^|[^a-z0-9])zak=/.test(safelyDecoded(url.href).toLowerCase())) {
    throw invalid(FIELD, "is a link for the host: paste the link for participants");
  }
  const provider = url.port === "" ? providerOf(url.hostname, jitsiDomain) : "manual";
  if (PATHS[provider]?.test(url.pathname) === false) throw invalid(FIELD, "is not a join link of this provider");
  // A token of Jitsi is one person's.
  if (provider === "jitsi") url.searchParams.delete("jwt");
  return { url: url.href, provider };
}

function providerOf(host: string, jitsiDomain: string): Provider {
  if (ZOOM_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`))) return "zoom";
  if (host === "meet.google.com") return "meet";
  if (TEAMS_HOSTS.includes(host)) return "teams";
  return ["meet.jit.si", "8x8.vc", jitsiDomain].includes(host) ? "jitsi" : "manual";
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
