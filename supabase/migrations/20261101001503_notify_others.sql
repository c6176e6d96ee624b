-- In a meeting of two, what one side does is news to the other only. Who acts is the signed-in user, or the one whom
-- the service acts for; when the service acts on its own account, both are told.

create or replace function private.notify_others(people uuid[], type text, title text, body text, data jsonb)
returns void
language sql
set search_path = ''
as $$
  select private.notify(person, notify_others.type, notify_others.title, notify_others.body, notify_others.data)
  from unnest(people) as person
  where person is distinct from private.acting_user()
$$;
revoke execute on function private.notify_others(uuid[], text, text, text, jsonb) from public, anon, authenticated;
