// Prints how many milliseconds it takes Deno to load a bundle.
const started = performance.now();
await import(Deno.args[0]);
console.log(performance.now() - started);
Deno.exit();
