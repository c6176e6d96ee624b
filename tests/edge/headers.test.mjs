// Headers that no client sends are no reason to take a request for another one, and end no other request.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, inBothRuntimes } from "./runtimes.mjs";

const variables = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_unused",
  SUPABASE_SECRET_KEY: "sb_secret_unused",
};

const HEADERS = {
  "25,000 of them": [Array.from({ length: 25_000 }, (_, number) => `${number.toString(36)}:`).join("\n")],
  "a control character": ["Authorization: Bearer a\u0001b"],
  "a deleted character": ["Authorization: Bearer a\u007fb"],
  "a character that is not ASCII": ["Authorization: Bearer a\u00e9b"],
  "the same one twice": ["Authorization: Bearer a", "Authorization: Bearer a"],
  "one without a value": ["Authorization:"],
};

inBothRuntimes({ name: "zoom-disconnect", variables }, (served, runtime) => {
  /** The status and the code of what is answered to a request with these headers. */
  const ask = async (method, headers) => {
    const lines = [`${method} /functions/v1/zoom-disconnect HTTP/1.1`, "Host: localhost", "Connection: close", ...headers];
    const got = await exchange(served.url, (socket) => socket.write(`${lines.join("\r\n")}\r\n\r\n`), () => false);
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1]), code: /"code":"(\w+)"/.exec(got)?.[1] };
  };
  for (const [name, headers] of Object.entries(HEADERS)) {
    test(`${name}: the caller is unknown, and nobody else is refused`, async () => {
      const unknown = { status: 401, code: "unauthenticated" };
      const answer = await ask("POST", ["Content-Length: 0", ...headers]);
      // Deno may refuse by itself.
      if (runtime === "workerd" || answer.code) assert.deepEqual(answer, unknown);
      else assert.ok([400, 431].includes(answer.status), `${answer.status}`);
      await ask("OPTIONS", headers);
      assert.deepEqual(await ask("POST", ["Content-Length: 0"]), unknown);
      assert.ok(!served.log.some((line) => /panic|RuntimeError|trapped/.test(line)), served.log.join("\n"));
    });
  }
});
