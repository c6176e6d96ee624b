// What every bundle starts at, in place of worker-build's own: functions export handlers and no classes, so they need none of
// its proxies around each object and call.
import * as functions from "./index.js";

// After a panic, or any other trap, nothing may run in that memory, and what waits there is never answered. wasm-bindgen makes a
// new instance at the next call, and each counts itself here.
const state = functions.__worker_init_state();
let instance = state.instanceId;
const inFlight = new Set();
Object.defineProperty(state, "instanceId", {
  get: () => instance,
  set(next) {
    instance = next;
    for (const fail of inFlight) fail(new Error("the instance has trapped"));
    inFlight.clear();
  },
});

function caught(error) {
  console.error(String(error));
  // workerd takes a request for hung that waits for nothing, before it has heard from another one that it failed.
  setTimeout(() => {}, 1000);
  // The next call, if it was a trap; at once, because a callback of the old instance would run on the memory of the new one.
  functions.__worker_init_state();
}

// A trap in a callback has no caller who could hear of it, and ends the process of Deno.
const guarded = (callback) => (...given) => {
  try {
    callback(...given);
  } catch (error) {
    caught(error);
  }
};
const schedule = globalThis.setTimeout;
globalThis.setTimeout = (callback, ...rest) => schedule(guarded(callback), ...rest);
// An instance queues the same callback each time, so its guarded form is kept. workerd's own would wrap it anew each time.
const settled = Promise.resolve();
let last, lastGuarded;
globalThis.queueMicrotask = (callback) => {
  if (callback !== last) [last, lastGuarded] = [callback, guarded(callback)];
  settled.then(lastGuarded);
};
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  caught(event.reason);
});

const run = (handler, event, env, context) =>
  new Promise((resolve, reject) => {
    const settle = (how) => (value) => {
      inFlight.delete(reject);
      how(value);
    };
    const answer = handler(event, env, context);
    // Not before: the call may have made a new instance, in place of one that trapped, and this one is served by it.
    inFlight.add(reject);
    answer.then(settle(resolve), settle(reject));
  });

function answerFailed(error) {
  const request_id = crypto.randomUUID();
  console.error(JSON.stringify({ request_id, status: 500, code: "internal", cause: String(error) }));
  return Response.json({ error: "Something went wrong on our side.", code: "internal", request_id }, { status: 500 });
}

export default {
  fetch(request, env, context) {
    const answer = run(functions.fetch, request, env, context).catch(answerFailed);
    // To its end: a platform may stop what it does for a client that has gone, and a rotated token that is not saved is lost.
    context.waitUntil(answer);
    return answer;
  },
  // One function alone is called by a schedule.
  scheduled: functions.scheduled && ((event, env, context) => run(functions.scheduled, event, env, context)),
};
