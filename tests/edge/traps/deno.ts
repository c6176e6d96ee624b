// The function that traps under Deno, served as the product's are.
import "./edge_runtime.ts";
import worker from "./build/function.js";
import { serve } from "../../../supabase/functions/_shared/serve.ts";

serve(worker);
