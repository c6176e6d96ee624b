// What Supabase gives a function, that it may go on when its client has gone.
(globalThis as { EdgeRuntime?: unknown }).EdgeRuntime = {
  waitUntil: async (work: Promise<unknown>) => {
    await work;
    console.log("kept to its end");
  },
};
