// Deno's fetch sends a request once more when a pooled connection breaks before the answer, even a POST
// whose work was done (denoland/deno issue 35610). That would be a second meeting. It can only repeat a
// body that it holds as a whole: not a stream.
const fetchAndRepeat = globalThis.fetch;

/** For bodies that are bytes, beside their URL, as our functions send them. */
const fetchOnce = (url: string, init?: RequestInit): Promise<Response> => {
  const body = init?.body;
  if (!body) return fetchAndRepeat(url, init);
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(body);
      controller.close();
    },
  });
  return fetchAndRepeat(url, { ...init, body: stream, duplex: "half" } as RequestInit);
};

globalThis.fetch = fetchOnce as typeof fetch;
