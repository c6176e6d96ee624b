import worker from "./function.js";
import { serve } from "../_shared/serve.ts";

serve(worker);
