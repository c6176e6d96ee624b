// The floor: what a runtime costs that does nothing.
export const handle = (): Promise<Response> => Promise.resolve(new Response("hello"));
