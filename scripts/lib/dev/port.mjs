import { UserError } from "./options.mjs";

/** Listens on this machine only; port 0 takes any free one. */
export function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const taken = `port ${port} is taken; stop what uses it or choose another with --port`;
      reject(error.code === "EADDRINUSE" ? new UserError(taken) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}
