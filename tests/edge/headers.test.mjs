// A request with headers that cannot be taken is refused as a whole: without some of them it would be another request, and a panic
// would end every other one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, inBothRuntimes } from "./runtimes.mjs";

const variables = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_unused",
  SUPABASE_SECRET_KEY: "sb_secret_unused",
};

const many = (count) => Array.from({ length: count }, (_, number) => `${number.toString(36)}:`);

const HEADERS = {
  "25,000 of them, more than a map takes": [many(25_000).join("\n")],
  "201 of them": many(199).concat("Content-Length: 0"),
  "a control character": ["Authorization: Bearer a\u0001b"],
  "a deleted character": ["Authorization: Bearer a\u007fb"],
};

inBothRuntimes({ name: "zoom-disconnect", variables }, (served, runtime) => {
  /** The status and the code of what is answered to a request with these headers. */
  const ask = async (method, headers) => {
    const lines = [`${method} /functions/v1/zoom-disconnect HTTP/1.1`, "Host: localhost", "Connection: close", ...headers];
    const got = await exchange(served.url, (socket) => socket.write(`${lines.join("\r\n")}\r\n\r\n`), () => false);
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1]), code: /"code":"(\w+)"/.exec(got)?.[1] };
  };
  const bodyless = ["Content-Length: 0"];

  for (const [name, headers] of Object.entries(HEADERS)) {
    test(`${name}: refused, and nobody else is`, async () => {
      const refused = await ask("POST", headers);
      if (runtime === "workerd") assert.deepEqual(refused, { status: 400, code: "malformed_headers" });
      else assert.ok([400, 431].includes(refused.status), `${refused.status}`);
      await ask("OPTIONS", headers);
      assert.deepEqual(await ask("POST", bodyless), { status: 401, code: "unauthenticated" });
      assert.ok(!served.log.some((line) => /panic|RuntimeError|trapped/.test(line)), served.log.join("\n"));
    });
  }

  test("more headers than clients send: served", async () => {
    assert.deepEqual(await ask("POST", [...many(80), ...bodyless]), { status: 401, code: "unauthenticated" });
  });
});
