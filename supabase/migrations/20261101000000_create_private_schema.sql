-- Everything that no client may touch lives in the schema `private`: PostgREST does not expose it, and its tables
-- have row-level security without a policy, so that a server that hands out table grants freely (@supabase/lite
-- does) still opens nothing. Clients get USAGE only because policies and triggers, which run as the caller, call
-- helpers by name; each helper is granted on its own.

create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, service_role;

-- Hosted Supabase grants this already, and there the migrating role may not.
do $migration$
begin
  if not has_schema_privilege('anon', 'auth', 'usage') then
    grant usage on schema auth to anon, authenticated, service_role;
  end if;
end
$migration$;

-- Ends the request with an HTTP status and a stable code. PostgREST reads a `PGRST` error as a whole response
-- (https://docs.postgrest.org/en/stable/references/errors.html#raise-headers); a plain RAISE would be a 400 there
-- and an opaque 500 on @supabase/lite. `field` names the argument at fault; `retry_after` are the seconds after which
-- asking again may help.
create or replace function private.refuse(
  status integer, code text, message text, field text default null, retry_after integer default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise sqlstate 'PGRST' using
    message = json_build_object('code', code, 'message', message, 'details', field, 'hint', null)::text,
    detail = json_build_object('status', status, 'headers', case when retry_after is null then json_build_object()
      else json_build_object('Retry-After', retry_after::text) end)::text;
end
$$;
revoke execute on function private.refuse(integer, text, text, text, integer) from public;
grant execute on function private.refuse(integer, text, text, text, integer) to anon, authenticated, service_role;

-- The error of private.refuse also undoes what the request wrote. Where that has to stay, such as the count of a wrong
-- try, the refusal is an ordinary answer with the same body and status: PostgREST takes the status and the headers of
-- an answer from settings (https://docs.postgrest.org/en/stable/references/transactions.html).
create or replace function private.answer_refusal(
  status integer, code text, message text, headers jsonb default '{}')
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('response.status', status::text, true),
    set_config('response.headers', coalesce((
      select jsonb_agg(jsonb_build_object(header.key, header.value)) from jsonb_each_text(headers) as header
    ), '[]')::text, true);
  return jsonb_build_object('code', code, 'message', message, 'details', null, 'hint', null);
end
$$;
revoke execute on function private.answer_refusal(integer, text, text, jsonb) from public, anon, authenticated;
grant execute on function private.answer_refusal(integer, text, text, jsonb) to service_role;

-- Whom the service acts for, until the end of the transaction: the trail names that user, and they are not told what
-- they did themselves.
create or replace function private.act_for(person uuid)
returns void
language sql
set search_path = ''
as $$
  select set_config('convene.actor_id', coalesce(person::text, ''), true)
$$;
revoke execute on function private.act_for(uuid) from public, anon, authenticated;
grant execute on function private.act_for(uuid) to service_role;

-- Who acts: the signed-in user, or the one whom the service acts for; null for guests, and the service itself.
create or replace function private.acting_user()
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(auth.uid(), nullif(current_setting('convene.actor_id', true), '')::uuid)
$$;
revoke execute on function private.acting_user() from public, anon, authenticated;

-- Trigger: refuses a client's UPDATE of any of the columns named as arguments. Column grants say the same on hosted
-- Supabase; this holds where they are undone, and answers 403 with a code. Like every trigger that asks who writes,
-- it is `security invoker`: current_user is then the client's role for a client's own statement, and the owner's
-- inside a `security definer` function.
create or replace function private.freeze_columns()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  frozen text;
begin
  if current_user not in ('anon', 'authenticated') then
    return new;
  end if;
  foreach frozen in array tg_argv loop
    if to_jsonb(new) -> frozen is distinct from to_jsonb(old) -> frozen then
      perform private.refuse(403, 'column_frozen',
        format('%I of %I cannot be changed', frozen, tg_table_name), frozen);
    end if;
  end loop;
  return new;
end
$$;
revoke execute on function private.freeze_columns() from public, anon, authenticated;

create or replace function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
revoke execute on function private.touch_updated_at() from public, anon, authenticated;
