// node scripts/lib/gzipped.mjs FILE...: the bytes of all files, each gzipped as wrangler does before it uploads them.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

export async function gzipped(files) {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(await readFile(file)).length;
  return bytes;
}

if (import.meta.filename === process.argv[1]) console.log(await gzipped(process.argv.slice(2)));
