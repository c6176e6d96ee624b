-- private.refuse ends a request by an error, which also undoes what the request wrote. Where that has to stay, such as
-- the count of a wrong try, the refusal is an ordinary answer with the same body and status: PostgREST takes the status
-- and the headers of an answer from settings (https://docs.postgrest.org/en/stable/references/transactions.html).

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
