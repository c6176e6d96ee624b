// Deno's fetch sends a request once more when a pooled connection breaks before the answer, even a POST
// whose work was done (denoland/deno issue 35610). That would be a second meeting. It can only repeat
// a body that it holds as a whole, and finds that behind the stream of a request, too, but not behind a
// branch of it.
const fetchAndRepeat = globalThis.fetch;

globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const request = init === undefined && input instanceof Request ? input : new Request(input, init);
  if (request.body === null) return fetchAndRepeat(request);
  const [body] = request.body.tee();
  return fetchAndRepeat(request, { body, duplex: "half" } as RequestInit);
};
