// How a function reads a body that is framed in unusual or contradictory ways: nothing but what a client signed is accepted as
// signed, nothing hangs, and the next request on the connection begins where the one before ended, or nowhere.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { exchange, inBothRuntimes } from "./runtimes.mjs";

const variables = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_unused",
  SUPABASE_SECRET_KEY: "sb_secret_unused",
  ZOOM_WEBHOOK_SECRET: "the secret of Zoom's webhooks",
};
const LIMIT = 64 * 1024;

const hmac = (text) => createHmac("sha256", variables.ZOOM_WEBHOOK_SECRET).update(text).digest("hex");

/** Zoom's question, which a function answers by itself with a proof: it shows that the body was read as it was signed. */
const question = (plainToken, size = 0) => {
  const body = JSON.stringify({ event: "endpoint.url_validation", payload: { plainToken } });
  return body.padEnd(size);
};

const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunked = (text) => `${chunk(text.slice(0, 10))}${chunk(text.slice(10))}0\r\n\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";
const length = (text) => `Content-Length: ${text.length}`;

/** A request that is signed for `signed`, whatever is sent. */
function request(signed, headers, sent) {
  const time = String(Math.floor(Date.now() / 1000));
  const lines = [
    "POST /functions/v1/zoom-webhook HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `X-Zm-Request-Timestamp: ${time}`,
    `X-Zm-Signature: v0=${hmac(`v0:${time}:${signed}`)}`,
    ...headers,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${sent}`;
}

const second = question("second");

/** Sends it, and a second one behind it, on one connection. */
const sendBoth = (url, sent) =>
  exchange(url, (socket) => socket.write(sent + request(second, [length(second)], second)), (got) =>
    /"second","encryptedToken":"\w{64}"/.test(got));

const sendAndEnd = (url, sent) => exchange(url, (socket) => socket.end(sent), () => false);

/** The statuses, the codes of refusals, and the tokens of the questions that were proved. */
function read(got) {
  const proofs = [...got.matchAll(/"plainToken":"(\w+)","encryptedToken":"(\w+)"/g)];
  for (const [, token, proof] of proofs) assert.equal(proof, hmac(token), got);
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1]),
    code: /"code":"(\w+)"/.exec(got)?.[1],
    accepted: proofs.map(([, token]) => token).join(),
  };
}

const body = question("first");
const shorter = [`Content-Length: ${body.length - 5}`];
const longer = [`Content-Length: ${body.length + 50}`];

// Each sent as [headers, body]. A runtime may close the connection of a request that it served.
const ACCEPTED = {
  "a length": [[length(body)], body],
  "chunks": [[CHUNKED], chunked(body)],
  "a length, and an encoding that it is not in": [["Content-Encoding: gzip", length(body)], body],
  "chunks, and an encoding that they are not in": [["Content-Encoding: gzip", CHUNKED], chunked(body)],
};

// Refused by the runtime, or served by the chunks alone.
const CONTRADICTORY = {
  "chunks and their length": [[length(body), CHUNKED], chunked(body)],
  "chunks, and a length that is too small": [[CHUNKED, "Content-Length: 4"], chunked(body)],
  "chunks, and a length that reaches into the next request": [["Content-Length: 500", CHUNKED], chunked(body)],
  "two lengths that are the same": [[length(body), length(body)], body],
};

const REFUSED = {
  "a length that is too small": [shorter, body],
  "a length that reaches into the next request": [longer, body],
  "two lengths": [[length(body), ...shorter], body],
  "a negative length": [["Content-Length: -1"], body],
  "a length in hexadecimal": [["Content-Length: 0x50"], body],
  "an unknown transfer encoding and a length": [["Transfer-Encoding: xchunked", length(body)], body],
  "a space before the colon": [["Transfer-Encoding : chunked", length(body)], body],
  "no size of a chunk": [[CHUNKED], `zz\r\n${body}\r\n0\r\n\r\n`],
};

inBothRuntimes({ name: "zoom-webhook", variables }, (served) => {
  const send = async ([headers, sent], signed = body) => read(await sendBoth(served.url, request(signed, headers, sent)));

  for (const [name, sent] of Object.entries(ACCEPTED)) {
    test(`${name}: read as it is, and so is the next request`, async () => {
      assert.deepEqual(await send(sent), { status: 200, code: undefined, accepted: "first,second" });
    });
  }

  for (const [name, sent] of Object.entries(CONTRADICTORY)) {
    test(`${name}: refused, or read to its end`, async () => {
      const { status, accepted } = await send(sent);
      assert.deepEqual(accepted, status === 200 ? "first,second" : "");
    });
  }

  for (const [name, sent] of Object.entries(REFUSED)) {
    test(`${name}: neither it nor what follows is accepted`, async () => {
      const { status, accepted } = await send(sent);
      assert.equal(accepted, "");
      assert.notEqual(status, 200);
    });
  }

  test("a client that ends before its body does gets no more than a refusal", async () => {
    for (const [headers, sent] of [[longer, body], [[CHUNKED], chunked(body).slice(0, -5)]]) {
      assert.deepEqual(read(await sendAndEnd(served.url, request(body, headers, sent))), { status: 400, code: "malformed_json", accepted: "" });
    }
  });

  test("the limit counts what was read, however it was sent", async () => {
    for (const [size, status, code] of [[LIMIT, 200, undefined], [LIMIT + 1, 413, "too_large"], [1_000_000, 413, "too_large"]]) {
      const large = question("first", size);
      for (const sent of [[[length(large)], large], [[CHUNKED], chunked(large)]]) {
        const { accepted, ...first } = await send(sent, large);
        assert.deepEqual(first, { status, code });
        // Deno closes the connection behind a body that came in parts.
        assert.match(accepted, status === 200 ? /^first(,second)?$/ : /^(second)?$/);
      }
    }
  });
});
