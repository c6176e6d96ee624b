// Calls deliver-outbox regularly, as Cloudflare's Cron trigger and Supabase's pg_cron do in production.
const INTERVAL_MS = 15_000;
const TIMEOUT_MS = 60_000;

export function startScheduler({ url, secret }) {
  let complaint;
  const tick = async () => {
    const problem = await deliver(url, secret);
    // Once per kind of failure, not every 15 seconds.
    if (problem && problem !== complaint) console.error(`[scheduler] deliver-outbox ${problem}`);
    complaint = problem;
    timer = setTimeout(tick, INTERVAL_MS);
  };
  let timer = setTimeout(tick, INTERVAL_MS);
  return { stop: async () => clearTimeout(timer) };
}

async function deliver(url, secret) {
  try {
    const answer = await fetch(`${url}/functions/v1/deliver-outbox`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.ok ? undefined : `answered ${answer.status}: ${await answer.text()}`;
  } catch (error) {
    return `could not be called: ${error.message}`;
  }
}
