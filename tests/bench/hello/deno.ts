// The hello-world in Rust under Deno, served as the functions are.
import worker from "./build/function.js";
import { serve } from "../../../supabase/functions/_shared/serve.ts";

serve(worker);
