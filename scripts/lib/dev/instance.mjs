// There is one running stack per .dev/ folder: two would write to the same database files. A socket in
// that folder is held by it, and tells `scripts/dev env` its variables.
import { unlink } from "node:fs/promises";
import net from "node:net";
import { UserError } from "./options.mjs";

// Relative to the project's folder: the path of a socket may not be longer than about 100 characters.
const SOCKET = ".dev/running.sock";

/** The answer of the running stack, or undefined when none runs. */
export function askRunning() {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = net.connect(SOCKET);
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.once("end", () => resolve(answer));
    socket.once("error", (error) => (["ENOENT", "ECONNREFUSED"].includes(error.code) ? resolve(undefined) : reject(error)));
  });
}

export async function refuseSecondInstance() {
  if ((await askRunning()) !== undefined) {
    throw new UserError("scripts/dev is already running here; stop it first, or use --ephemeral");
  }
}

/** Takes the place of the running stack; `publish` gives it the text that askRunning returns. */
export async function claimInstance() {
  await refuseSecondInstance();
  await unlink(SOCKET).catch(() => {});
  let text = "";
  const server = net.createServer((socket) => socket.on("error", () => {}).end(text));
  await new Promise((resolve, reject) => server.once("error", reject).listen(SOCKET, resolve));
  return {
    publish: (published) => (text = published),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
