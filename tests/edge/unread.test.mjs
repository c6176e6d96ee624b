// A refusal does not wait for a body that nobody will read: what is left of it is never taken for the next request, and the caller
// gets the refusal, whether the body was sent before or comes after.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, inBothRuntimes } from "./runtimes.mjs";

const variables = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_unused",
  SUPABASE_SECRET_KEY: "sb_secret_unused",
};

const request = (id, body) =>
  [
    "POST /functions/v1/zoom-disconnect HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `X-Request-Id: ${id}`,
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");

/** A body that is itself a request, over and over. */
const smuggled = (size) => request("smuggled", "").repeat(Math.ceil(size / request("smuggled", "").length)).slice(0, size);

/** Sends the first part, and the rest once the refusal is there. */
const send = (url, [part, ...rest]) =>
  exchange(url, (socket) => socket.write(part), (got, socket) => {
    if (/"request_id":"first"/.test(got)) rest.splice(0).forEach((part) => socket.write(part));
    return /"request_id":"second"/.test(got);
  });

const answered = (got) => [...got.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);

inBothRuntimes({ name: "zoom-disconnect", variables }, (served) => {
  for (const size of [300, 60_000]) {
    const first = request("first", smuggled(size));
    const head = first.slice(0, first.length - size);
    const second = request("second", "{}");
    for (const [when, parts] of [
      ["with its head", [first + second]],
      ["after the answer", [head, first.slice(head.length) + second]],
      ["in part, and the rest after the answer", [first.slice(0, head.length + size / 2), first.slice(head.length + size / 2) + second]],
    ]) {
      test(`a body of ${size} bytes ${when}`, async () => {
        const got = await send(served.url, parts);
        assert.match(got, /"code":"unauthenticated","request_id":"first"/);
        assert.doesNotMatch(got, /smuggled/);
        assert.ok(answered(got).every((status) => status === "401") && answered(got).length <= 2, got);
      });
    }
  }
});
