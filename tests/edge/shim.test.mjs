// What scripts/lib/shim.js promises: whatever traps in the WebAssembly, each request is answered, and served to its end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inBothRuntimes } from "./runtimes.mjs";

const TRAPS = {
  panic: "RuntimeError: unreachable",
  memory: "RuntimeError: unreachable",
  stack: "RuntimeError: memory access out of bounds",
  recursion: "RangeError: Maximum call stack size exceeded",
};

const programs = { workerd: "traps/build/index.js", deno: "traps/deno.ts" };

inBothRuntimes({ name: "traps", programs }, (served, runtime) => {
  // One that hangs fails.
  const ask = (path) => fetch(`${served.url}/${path}`, { signal: AbortSignal.timeout(20_000) });

  const logged = async (line) => {
    for (let waited = 0; !served.log.includes(line); waited += 20) {
      assert.ok(waited < 20_000, `no line '${line}':\n${served.log.join("\n")}`);
      await sleep(20);
    }
  };

  const answersFailure = async (answer) => {
    assert.equal(answer.status, 500);
    assert.equal(answer.headers.get("content-type"), "application/json");
    const { request_id, ...rest } = await answer.json();
    assert.deepEqual(rest, { error: "Something went wrong on our side.", code: "internal" });
    return request_id;
  };

  for (const [trap, cause] of Object.entries(TRAPS)) {
    // Nothing calls back from what sleeps; what polls calls back into an instance that is gone.
    for (const [when, other] of [["at-once", "sleep"], ["later", "poll"]]) {
      test(`${trap} ${when}, beside a ${other}: both are answered with a 500, and what comes next is served`, async () => {
        served.log.length = 0;
        const waiting = ask(`at-once/${other}`);
        await logged("waiting");
        const ids = await Promise.all([ask(`${when}/${trap}`), waiting].map(async (answer) => answersFailure(await answer)));
        assert.equal(await (await ask("later/answer")).text(), "answered");

        const failed = { status: 500, code: "internal", cause: "Error: the instance has trapped" };
        for (const request_id of ids) await logged(JSON.stringify({ request_id, ...failed }));
        assert.equal(served.log.filter((line) => line === cause).length, 1, served.log.join("\n"));
      });
    }
  }

  // Here both runtimes serve a request to its end in any case: that they are asked to is seen where the platform's part is ours.
  if (runtime === "deno") {
    test("the platform is asked to keep the function until a request is served", async () => {
      served.log.length = 0;
      await ask("later/answer");
      await logged("kept to its end");
    });
  }
});
