// Deno's fetch sends a request once more when a pooled connection breaks before the answer, even a POST
// whose work was done (denoland/deno issue 35610). That would be a second meeting. It can only repeat
// a body that it holds as a whole, so what has a body is given to it as a stream.
const fetchAndRepeat = globalThis.fetch;

globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const request = new Request(input, init);
  if (request.body === null) return fetchAndRepeat(request);
  const body = request.body.pipeThrough(new TransformStream());
  return fetchAndRepeat(new Request(request, { body, duplex: "half" } as RequestInit));
};
