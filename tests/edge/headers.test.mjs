// Headers that no client sends are no reason to take a request for another one, and end no other request.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, inBothRuntimes } from "./runtimes.mjs";

const variables = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_unused",
  SUPABASE_SECRET_KEY: "sb_secret_unused",
};

const ODD_TOKENS = {
  "a control character": ["Authorization: Bearer a\u0001b"],
  "a deleted character": ["Authorization: Bearer a\u007fb"],
  "a character that is not ASCII": ["Authorization: Bearer a\u00e9b"],
  "the same one twice": ["Authorization: Bearer a", "Authorization: Bearer a"],
};
const MANY = [Array.from({ length: 25_000 }, (_, number) => `${number.toString(36)}:`).join("\n")];

/** The status and the code of what is answered to a request without a body. */
async function ask(served, method, headers) {
  const lines = [`${method} /functions/v1/it HTTP/1.1`, "Host: localhost", "Connection: close", ...headers];
  const got = await exchange(served.url, (socket) => socket.write(`${lines.join("\r\n")}\r\n\r\n`), () => false);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1]), code: /"code":"(\w+)"/.exec(got)?.[1] };
}

const functions = {
  "zoom-disconnect": { status: 401, code: "unauthenticated" },
  // Guests may ask.
  "instant-sessions": { status: 415, code: "unsupported_media_type" },
};
for (const [name, withoutToken] of Object.entries(functions)) {
  inBothRuntimes({ name, variables }, (served, runtime) => {
    const refused = async (headers, expected) => {
      const answer = await ask(served, "POST", ["Content-Length: 0", ...headers]);
      // Deno refuses some by itself.
      if (runtime === "workerd" || answer.code) assert.deepEqual(answer, expected);
      else assert.ok([400, 431].includes(answer.status), `${answer.status}`);
      await ask(served, "OPTIONS", headers);
      assert.deepEqual(await ask(served, "POST", ["Content-Length: 0"]), withoutToken);
      assert.ok(!served.log.some((line) => /panic|RuntimeError|trapped/.test(line)), served.log.join("\n"));
    };

    for (const [what, headers] of Object.entries(ODD_TOKENS)) {
      test(`${name}, a token with ${what}: nobody's, and not a guest's`, () =>
        refused(headers, { status: 401, code: "unauthenticated" }));
    }

    test(`${name}, 25,000 headers: refused as without them`, () => refused(MANY, withoutToken));
  });
}
