// What every bundle starts at, in place of worker-build's own: functions export handlers and no classes, so they need none of
// its proxies around each object and call.
import * as functions from "./index.js";

const state = functions.__worker_init_state();

// A panic sets it, too: the memory of the WebAssembly may then be in any state.
addEventListener("error", ({ error }) => {
  if (error instanceof WebAssembly.RuntimeError) {
    console.error("Critical", error);
    state.criticalError = true;
  }
});

const handler = (serve) => (event, env, context) => {
  if (state.criticalError) {
    console.log("Reinitializing Wasm application");
    functions.__wbg_reset_state();
    state.criticalError = false;
  }
  const served = serve(event, env, context);
  // To its end: a platform may stop what it does for a client that has gone, and a rotated token that is not saved is lost.
  context.waitUntil(served);
  return served;
};

// One function alone is called by a schedule.
export default { fetch: handler(functions.fetch), scheduled: functions.scheduled && handler(functions.scheduled) };
