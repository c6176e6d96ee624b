// The floor under a refusal: the body is read, a line is logged, and the answer has the headers and the text of ours.
export async function handle(request: Request): Promise<Response> {
  await request.arrayBuffer();
  const request_id = crypto.randomUUID();
  const code = "unauthenticated";
  console.log(JSON.stringify({ function: "refusal", request_id, status: 401, code, cause: "no bearer token", milliseconds: 0 }));
  const headers = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-request-id": request_id,
    vary: "Origin",
    "www-authenticate": "Bearer",
  };
  const error = "Sign in first: a valid access token is required.";
  return new Response(JSON.stringify({ error, code, request_id }), { status: 401, headers });
}
