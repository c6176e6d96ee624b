// The command line of scripts/dev, and what of its environment decides what is started.
import path from "node:path";
import { parseArgs } from "node:util";

/** A mistake of the person who runs scripts/dev: its message is all that is shown. */
export class UserError extends Error {}

const DEFAULT_PORT = 54321;

/**
 * @returns {{command: "run" | "check" | "env", port: number, database: string,
 *   runtime: "workerd" | "deno", ephemeral: boolean, envFile?: string, scheduler: boolean, baseline: boolean,
 *   openviduVersion: "2" | "3", turnService: "twilio" | "cloudflare" | "coturn" | "none"}}
 *   `port` 0 means any free one; `database` is "pglite" or a postgres:// URL.
 */
export function parseOptions(argv) {
  const { values, positionals } = parse(argv);
  const [word, ...rest] = positionals;
  if (word !== undefined && (word !== "env" || rest.length > 0)) {
    throw new UserError(`unknown argument '${word === "env" ? rest[0] : word}'; see scripts/dev --help`);
  }
  return {
    command: values.check ? "check" : word === "env" ? "env" : "run",
    port: values.port === undefined ? (values.ephemeral ? 0 : DEFAULT_PORT) : port(values.port),
    database: database(values.db),
    runtime: oneOf("--runtime", values.runtime, ["workerd", "deno"]),
    ephemeral: values.ephemeral,
    envFile: values["env-file"] && path.resolve(process.env.CALLER_FOLDER ?? ".", values["env-file"]),
    scheduler: !values["no-scheduler"],
    baseline: values.baseline,
    openviduVersion: oneOf("OPENVIDU_VERSION", openviduVersion(process.env), ["2", "3"]),
    turnService: turnService(process.env),
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        check: { type: "boolean", default: false },
        port: { type: "string" },
        db: { type: "string", default: "pglite" },
        runtime: { type: "string", default: "workerd" },
        ephemeral: { type: "boolean", default: false },
        "env-file": { type: "string" },
        "no-scheduler": { type: "boolean", default: false },
        baseline: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UserError(`${error.message.split(". ")[0]}; see scripts/dev --help`);
  }
}

/** The one that is named, or else the one whose address is given. */
function openviduVersion({ OPENVIDU_VERSION, OPENVIDU_URL, LIVEKIT_URL }) {
  return OPENVIDU_VERSION || (OPENVIDU_URL && !LIVEKIT_URL ? "2" : "3");
}

/** The one that is named, or else the one whose address is given. */
function turnService({ TURN_SERVICE, TURN_URLS, TURN_SECRET, CLOUDFLARE_TURN_URL }) {
  const name = TURN_SERVICE || (TURN_URLS ? "coturn" : CLOUDFLARE_TURN_URL ? "cloudflare" : "twilio");
  if (name === "coturn" && !(TURN_URLS && TURN_SECRET)) {
    throw new UserError("coturn needs TURN_URLS and TURN_SECRET");
  }
  return oneOf("TURN_SERVICE", name, ["twilio", "cloudflare", "coturn", "none"]);
}

function port(text) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65535) {
    throw new UserError(`--port must be a number from 0 to 65535, not '${text}'`);
  }
  return number;
}

function database(text) {
  if (text === "pglite" || /^postgres(ql)?:\/\//.test(text)) return text;
  throw new UserError(`--db must be 'pglite' or a postgres:// URL, not '${text}'`);
}

function oneOf(option, value, allowed) {
  if (allowed.includes(value)) return value;
  throw new UserError(`${option} must be ${allowed.join(" or ")}, not '${value}'`);
}
