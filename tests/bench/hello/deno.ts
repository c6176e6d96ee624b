// The hello-world in Rust under Deno, served as the functions are.
import Entrypoint from "./build/function.js";
import { serve } from "../../../supabase/functions/_shared/serve.ts";

serve(Entrypoint);
