// The one address of a local stack: /auth/v1 and /rest/v1 go to the local Supabase, /functions/v1 to
// the runtime of the functions.
import http from "node:http";
import { getRequestListener } from "@hono/node-server";
import { listen } from "./port.mjs";

/**
 * Takes the port at once, so that a taken one is noticed before anything is started, and answers
 * 503 until `open` is called.
 */
export async function startGateway(port) {
  let route = (_request, response) => refuse(response, 503, "starting", "The stack is still starting.");
  const server = http.createServer((request, response) => route(request, response));
  await listen(server, port);
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    /** Serves the parts given so far. */
    open(parts) {
      route = router(parts);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function router({ supabase, functions, runtime }) {
  const toSupabase = supabase && getRequestListener(
    (request, { incoming }) => supabase.fetch(request, incoming.socket.remoteAddress ?? null),
    { overrideGlobalObjects: false },
  );
  return (request, response) => {
    const path = request.url.split("?")[0];
    const [, called] = /^\/functions\/v1\/([^/]+)/.exec(path) ?? [];
    if (supabase && /^\/(auth|rest)\/v1(\/|$)/.test(path)) toSupabase(request, response);
    else if (runtime && functions.includes(called)) proxy(request, response, runtime.address(called));
    else refuse(response, 404, "not_found", `Nothing is served at ${path}.`);
  };
}

// A kept connection can be closed by the runtime just as a request is sent on it, and a POST cannot be
// sent again.
const agent = new http.Agent({ keepAlive: false });

async function proxy(request, response, address) {
  const failed = (error) => {
    console.error(`[gateway] ${request.method} ${request.url.split("?")[0]}: ${error.message}`);
    if (response.headersSent) response.destroy();
    else refuse(response, 502, "function_unreachable", "The function could not be reached.");
  };
  let origin;
  try {
    origin = await address;
  } catch (error) {
    return failed(error);
  }
  const headers = { ...request.headers };
  // Answered by this server already.
  delete headers.expect;
  // As proxies do: where the connection comes from is put behind what the client says itself.
  headers["x-forwarded-for"] = [headers["x-forwarded-for"], request.socket.remoteAddress].filter(Boolean).join(", ");
  const upstream = http.request(`${origin}${request.url}`, { method: request.method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.on("error", () => response.destroy()).pipe(response);
    // A function may answer before it has read the whole body; the client still finishes sending it.
    answer.once("end", () => request.unpipe(upstream).resume());
  });
  upstream.on("error", failed);
  response.once("close", () => response.writableFinished || upstream.destroy());
  request.pipe(upstream);
}

function refuse(response, status, code, error) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error, code }));
}
