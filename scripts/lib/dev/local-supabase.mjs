// The local Supabase: @supabase/lite inside this process, over an embedded PGlite or a PostgreSQL server.
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { App, splitSqlStatements } from "@supabase/lite";
import { applyPendingMigrations } from "@supabase/lite/cli";
import { createPgliteConnection } from "@supabase/lite/pglite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { parse } from "smol-toml";
import { UserError } from "./options.mjs";

const SEED = "supabase/seed.sql";

/**
 * Opens the database, brings it up to date and returns a handler for /auth/v1 and /rest/v1.
 *
 * @param {string} root the project's folder, which is also the working directory: @supabase/lite
 *   looks for the migrations there
 * @param {string | undefined} folder where PGlite keeps its files; undefined for a database in memory
 */
export async function startSupabase({ root, database, folder, ephemeral, secrets, url }) {
  const config = parse(await readFile(path.join(root, "supabase/config.toml"), "utf8"));
  silenceRefusals();
  const source = database === "pglite" ? await openPglite(folder) : await openPostgres(database, ephemeral);
  try {
    await source.migrate((connection) => bringUpToDate(connection));
    const connection = await source.connect();
    const asRequest = showRequests(connection);
    const app = await makeApp(connection, config, secrets).init();
    // The first request makes the API roles and their grants; two at once would collide.
    const headers = { apikey: secrets.SECRET_KEY };
    await app.fetch(new Request(`${url}/rest/v1/profiles?limit=1`, { headers }), { peerAddress: null });
    return {
      databaseUrl: source.url,
      fetch: (request, peerAddress) => asRequest(request, () => app.fetch(request, { peerAddress })),
      async stop() {
        await connection.close();
        await source.remove();
      },
    };
  } catch (error) {
    await source.remove();
    throw error;
  }
}

/**
 * @supabase/lite prints every error of a database function, with its parameters. A refusal is an answer and no error, and
 * the parameters hold what no log should.
 */
function silenceRefusals() {
  const print = console.error;
  console.error = (...printed) => {
    if (!printed.some((value) => value?.code === "PGRST" || value?.cause?.code === "PGRST")) print(...printed);
  };
}

/**
 * @supabase/lite shows a request's method, path and headers to functions only; PostgREST also to the policies and
 * triggers of tables, where a link's token is read from a header.
 *
 * @returns a function that runs a handler so that the database sees the given request
 */
function showRequests(connection) {
  const current = new AsyncLocalStorage();
  const applyClaims = connection.applyJwtSessionContext;
  connection.applyJwtSessionContext = async function (transaction, ...context) {
    await applyClaims.call(this, transaction, ...context);
    const request = current.getStore();
    if (request === undefined) return;
    await this.applyRpcRequestGucs(transaction, {
      method: request.method,
      path: new URL(request.url).pathname.replace("/rest/v1", ""),
      requestHeaders: Object.fromEntries(request.headers),
    });
  };
  return (request, handle) => current.run(request, handle);
}

function makeApp(connection, config, secrets) {
  return new App({
    connection,
    api: config.api,
    auth: {
      ...config.auth,
      enabled: true,
      jwt_secret: secrets.JWT_SECRET,
      publishable_key: secrets.PUBLISHABLE_KEY,
      secret_key: secrets.SECRET_KEY,
    },
    // Without this, requests that carry no key would run as the service.
    options: { server: { admin: false } },
  });
}

async function openPglite(folder) {
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  const connection = await createPgliteConnection(folder === undefined ? {} : { url: folder });
  return {
    url: folder === undefined ? "pglite:memory" : `pglite:${folder}`,
    migrate: (run) => run(connection),
    connect: () => connection,
    remove: async () => {},
  };
}

async function openPostgres(serverUrl, ephemeral) {
  const url = new URL(serverUrl);
  if (ephemeral) url.pathname = `/convene_${randomBytes(6).toString("hex")}`;
  if (ephemeral) await onServer(serverUrl, (sql) => sql.unsafe(`create database ${url.pathname.slice(1)}`));
  else await onServer(serverUrl, (sql) => sql`select 1`);
  const open = (options) =>
    createPostgresConnection({ url: url.href, postgresOptions: { onnotice: () => {}, ...options } });
  return {
    url: url.href,
    async migrate(run) {
      // A migration's statements must share one session.
      const connection = open({ max: 1 });
      try {
        await run(connection);
      } finally {
        await connection.close();
      }
    },
    connect: () => open({ types: { json: jsonAsGiven(114), jsonb: jsonAsGiven(3802) } }),
    remove: async () => {
      if (!ephemeral) return;
      const removed = onServer(serverUrl, (sql) => sql.unsafe(`drop database if exists ${url.pathname.slice(1)} with (force)`));
      // A server that has ended is asked for ever.
      await Promise.race([removed, sleep(5000)]);
    },
  };
}

/**
 * @supabase/lite hands over the JSON arguments of a function as text, and would have the driver encode
 * them once more: the function would get a string.
 */
function jsonAsGiven(oid) {
  const serialize = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  return { to: oid, from: [oid], serialize, parse: JSON.parse };
}

async function onServer(url, work) {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    await work(sql);
  } catch (error) {
    const { host, pathname } = new URL(url);
    throw new UserError(`the database ${host}${pathname} cannot be used: ${error.message}`);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function bringUpToDate(connection) {
  const { applied } = await applyPendingMigrations(new App({ connection, auth: { enabled: true } }));
  for (const { filename } of applied) console.log(`applied ${filename}`);
  await seed(connection);
}

/** Runs the seed once per database, and records it as the Supabase CLI does. */
async function seed(connection) {
  const text = await readFile(SEED, "utf8");
  const recorded = await connection.exec(`select 1 from supabase_migrations.seed_files where path = '${SEED}'`);
  if (rows(recorded).length > 0) return;
  const hash = createHash("sha256").update(text).digest("hex");
  await connection.transaction([
    ...splitSqlStatements(text),
    `insert into supabase_migrations.seed_files (path, hash) values ('${SEED}', '${hash}')`,
  ]);
  console.log(`applied ${SEED}`);
}

function rows(result) {
  return Array.isArray(result) ? result : result.rows;
}
