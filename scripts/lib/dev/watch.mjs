// Rebuilds and reloads functions when their sources change.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import path from "node:path";

// Editors write a file in several steps.
const SETTLE_MS = 200;

export function startWatch({ root, functions, reload }) {
  const changed = new Set();
  let timer;
  let build;
  let stopped = false;

  const rebuild = async () => {
    if (build || stopped) return;
    const names = [...changed];
    changed.clear();
    if (names.length === 0) return;
    console.log(`changed, building ${names.join(", ")}`);
    build = spawn(path.join(root, "scripts/build"), names, { stdio: ["ignore", "inherit", "inherit"], detached: true });
    const status = await new Promise((resolve) => build.once("exit", resolve).once("error", resolve));
    build = undefined;
    if (stopped) return;
    if (status === 0) await reloadAll(names);
    else console.error(`${names.join(", ")} did not compile (see above); the previous build keeps running`);
    await rebuild();
  };
  const reloadAll = async (names) => {
    for (const name of names) {
      try {
        await reload(name);
        console.log(`reloaded ${name}`);
      } catch (error) {
        console.error(`${name} could not be reloaded: ${error.message}`);
      }
    }
  };
  const onChange = (names) => () => {
    for (const name of names) changed.add(name);
    clearTimeout(timer);
    timer = setTimeout(rebuild, SETTLE_MS);
  };

  const watchers = [
    watch(path.join(root, "shared/src"), { recursive: true }, onChange(functions)),
    ...functions.map((name) => watch(path.join(root, "functions", name, "src"), { recursive: true }, onChange([name]))),
  ];
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      // The build runs in a process group of its own, with cargo and its compilers.
      if (build) process.kill(-build.pid, "SIGTERM");
    },
  };
}
