// The variables that the functions, the simulators and the developer get.

// Taken from the environment of scripts/dev where they are set there; secrets.mjs does so with the secrets.
const CONFIGURABLE = [
  "ALLOWED_ORIGINS",
  "CLIENT_ADDRESS_HEADER",
  "CLIENTS_WAIT_FOR_OPERATOR",
  "JAAS_APP_ID",
  "JAAS_KEY_ID",
  "JAAS_PRIVATE_KEY",
  "JITSI_APP_ID",
  "JITSI_APP_SECRET",
  "JITSI_DOMAIN",
  "PROVIDER_TIMEOUT_MS",
  "STUN_URLS",
  "ZOOM_API_URL",
  "ZOOM_OAUTH_URL",
];

export function simulatorVariables({ secrets, url, openviduVersion }) {
  const { PUBLISHABLE_KEY, SECRET_KEY, SCHEDULER_SECRET, ...others } = secrets;
  return {
    SIMULATORS_PORT: "0",
    SUPABASE_UPSTREAM_URL: url,
    SUPABASE_SECRET_KEY: SECRET_KEY,
    ...others,
    ZOOM_REDIRECT_URI: connectVariables(url).ZOOM_REDIRECT_URI,
    ZOOM_WEBHOOK_URL: `${url}/functions/v1/zoom-webhook`,
    OPENVIDU_VERSION: openviduVersion,
    ROOMS_WEBHOOK_URL: `${url}/functions/v1/openvidu-webhook`,
  };
}

export function functionVariables({ secrets, url, simulatorsUrl, openviduVersion, turnService }) {
  const {
    PUBLISHABLE_KEY, SECRET_KEY, OPENVIDU_SECRET, OPENVIDU_WEBHOOK_SECRET, LIVEKIT_API_KEY, LIVEKIT_API_SECRET,
    TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_API_TOKEN, ...others
  } = secrets;
  const variables = {
    // Supabase is reached through the simulators, which record the calls.
    SUPABASE_URL: `${simulatorsUrl}/supabase`,
    SUPABASE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
    SUPABASE_SECRET_KEY: SECRET_KEY,
    ...others,
    ...zoomUrls(simulatorsUrl),
    ...roomVariables(secrets, simulatorsUrl, openviduVersion),
    ...turnVariables(secrets, simulatorsUrl, turnService),
    ...connectVariables(url),
    ...pageVariables(url),
  };
  for (const name of CONFIGURABLE) {
    if (process.env[name]) variables[name] = process.env[name];
  }
  return variables;
}

/** What `scripts/dev env` prints: the names of `supabase status -o env`, and ours. */
export function developerVariables({ secrets, url, databaseUrl, simulatorsUrl, runtime, baseline, openviduVersion, turnService }) {
  return {
    API_URL: url,
    REST_URL: `${url}/rest/v1`,
    FUNCTIONS_URL: `${url}/functions/v1`,
    DB_URL: databaseUrl,
    PUBLISHABLE_KEY: secrets.PUBLISHABLE_KEY,
    SECRET_KEY: secrets.SECRET_KEY,
    ANON_KEY: secrets.PUBLISHABLE_KEY,
    SERVICE_ROLE_KEY: secrets.SECRET_KEY,
    JWT_SECRET: secrets.JWT_SECRET,
    SIMULATORS_URL: simulatorsUrl,
    ...zoomUrls(simulatorsUrl),
    ...connectVariables(url),
    ZOOM_CLIENT_ID: secrets.ZOOM_CLIENT_ID,
    ZOOM_WEBHOOK_SECRET: secrets.ZOOM_WEBHOOK_SECRET,
    OPENVIDU_VERSION: openviduVersion,
    ...roomVariables(secrets, simulatorsUrl, openviduVersion),
    TURN_SERVICE: turnService,
    ROOM_TICKET_SECRET: secrets.ROOM_TICKET_SECRET,
    ...pageVariables(url),
    SEAL_KEYS: secrets.SEAL_KEYS,
    SCHEDULER_SECRET: secrets.SCHEDULER_SECRET,
    RUNTIME: runtime,
    BASELINE: String(baseline),
  };
}

function zoomUrls(simulatorsUrl) {
  return { ZOOM_API_URL: `${simulatorsUrl}/zoom/v2`, ZOOM_OAUTH_URL: `${simulatorsUrl}/zoom/oauth` };
}

// Which OpenVidu is meant follows from whose address is set, so there is only one.
function roomVariables(secrets, simulatorsUrl, openviduVersion) {
  const { OPENVIDU_SECRET, OPENVIDU_WEBHOOK_SECRET, LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = secrets;
  const { OPENVIDU_URL, LIVEKIT_URL } = process.env;
  return openviduVersion === "2"
    ? { OPENVIDU_URL: OPENVIDU_URL || `${simulatorsUrl}/openvidu`, OPENVIDU_SECRET, OPENVIDU_WEBHOOK_SECRET }
    : { LIVEKIT_URL: LIVEKIT_URL || `${simulatorsUrl}/livekit`, LIVEKIT_API_KEY, LIVEKIT_API_SECRET };
}

// The functions refuse two TURN services.
function turnVariables(secrets, simulatorsUrl, turnService) {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_API_TOKEN } = secrets;
  const { TURN_URLS, TURN_SECRET, TWILIO_API_URL, CLOUDFLARE_TURN_URL } = process.env;
  switch (turnService) {
    case "twilio":
      return { TWILIO_API_URL: TWILIO_API_URL || `${simulatorsUrl}/twilio`, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN };
    case "cloudflare": {
      const url = CLOUDFLARE_TURN_URL || `${simulatorsUrl}/cloudflare`;
      return { CLOUDFLARE_TURN_URL: url, CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_API_TOKEN };
    }
    case "coturn":
      return { TURN_URLS, TURN_SECRET };
    default:
      return {};
  }
}

// A web app that is developed beside the stack has another port, which RETURN_TARGETS has to name.
function connectVariables(url) {
  const { ZOOM_REDIRECT_URI, RETURN_TARGETS } = process.env;
  return {
    ZOOM_REDIRECT_URI: ZOOM_REDIRECT_URI || `${url}/functions/v1/zoom-oauth-callback`,
    RETURN_TARGETS: RETURN_TARGETS || `cotrainr://video/zoom-connected,${url}`,
  };
}

// Where links to sessions and meetings lead. Nothing is served there until an app is.
function pageVariables(url) {
  const { INSTANT_SESSION_URL, VIDEO_MEETING_URL } = process.env;
  return {
    INSTANT_SESSION_URL: INSTANT_SESSION_URL || `${url}/join`,
    VIDEO_MEETING_URL: VIDEO_MEETING_URL || `${url}/meeting`,
  };
}

/** `NAME="value"` lines, which a shell can source. */
export function asEnvFile(variables) {
  return Object.entries(variables)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join("");
}
